// What a document would become with a code block in it. In: its text, a range or none, the code. Out: the replacement
// and the whole text. Pure. Whole lines are replaced, unless a part of one line is replaced by less than a line.
import type { Range } from '../protocol.ts';
import { isEmpty, lastLine } from './ranges.ts';

export interface Proposal {
  /** Characters of the old text that go */
  readonly from: number;
  readonly to: number;
  readonly replacement: string;
  readonly text: string;
}

export function proposed(text: string, range: Range | undefined, code: string): Proposal {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const block = code.replace(/\r?\n$/, '').replace(/\r?\n/g, eol);
  const starts = startsOf(text);
  const [from, to] = range && !isEmpty(range) ? span(text, starts, range, block) : [0, text.length];
  // A line that ended with a newline goes on doing so.
  const ends = from !== to && /\n$/.test(text.slice(from, to));
  const replacement = ends ? block + eol : block;
  return { from, to, replacement, text: text.slice(0, from) + replacement + text.slice(to) };
}

function span(text: string, starts: readonly number[], range: Range, block: string): [number, number] {
  const offset = (line: number) => starts[line] ?? text.length;
  const { start, end } = range;
  if (start.line === end.line && !block.includes('\n')) {
    const from = Math.min(offset(start.line) + start.character, text.length);
    const to = Math.min(offset(end.line) + end.character, text.length);
    const rest = text.slice(offset(start.line), from) + text.slice(to, offset(end.line + 1));
    // A part of a line, for what is not a line itself.
    if (rest.trim() !== '') return [from, to];
  }
  return [offset(start.line), offset(lastLine(range) + 1)];
}

function startsOf(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
  return starts;
}
