// Output of a program as a terminal shows it, in pieces of some lines: what has settled is never touched again, the line
// that is written is drawn anew. In: all of the output so far. Out: elements with text and names of classes in them.
import { type Line, type Run, terminal } from '../chat/terminal.ts';
import { element } from './dom.ts';

const PIECE = 4_000;
const NEWLINE: Run = { text: '\n', look: '' };

export interface Screen {
  /** All of the output so far; how many lines of it there are to see */
  show(output: string): number;
}

export function screen(parent: HTMLElement): Screen {
  const open = element('span', { class: 'piece' });
  let program = terminal();
  let shown = '';
  let last: HTMLElement | undefined;
  let length = 0;
  let settled = 0;
  let lines = 0;

  const begin = () => {
    parent.replaceChildren(open);
    program = terminal();
    shown = '';
    last = undefined;
    settled = 0;
  };

  const add = (line: Line) => {
    // A piece ends with no blank line: the browser would leave that out.
    if (last && (length < PIECE || line.length === 0)) length += append(last, NEWLINE);
    else {
      last = element('span', { class: 'piece' });
      length = 0;
      open.before(last);
    }
    for (const run of line) length += append(last, run);
    settled++;
  };

  const show = (output: string): number => {
    if (output === shown) return lines;
    if (!output.startsWith(shown)) begin();
    const grown = program.feed(output.slice(shown.length));
    for (const line of grown.settled) add(line);
    open.replaceChildren();
    for (const [index, line] of grown.open.entries()) {
      if (index > 0) append(open, NEWLINE);
      for (const run of line) append(open, run);
    }
    shown = output;
    lines = settled + grown.open.length;
    return lines;
  };

  begin();
  return { show };
}

// Plain text grows the text before it, so that ordinary output is one node.
function append(parent: HTMLElement, { text, look }: Run): number {
  const last = parent.lastChild;
  if (look) parent.append(element('span', { class: look }, text));
  else if (last instanceof Text) last.appendData(text);
  else parent.append(text);
  return text.length;
}
