// What a terminal would show of a program's output, line by line. Pure.
// In: text as it comes, cut anywhere. Out: lines that nothing can change any more, and those that are still written.
// Colours and places within the line are heeded; whatever else a program asks of a terminal (titles, links, places in
// other lines) is dropped, as control characters are. Never here: HTML, an address.

import { dressed, lookOf, PLAIN } from './pen.ts';

export interface Run {
  readonly text: string;
  /** Names of what it looks like, such as `bold ansi-red ink`; empty for plain text */
  readonly look: string;
}

export type Line = readonly Run[];

export interface Growth {
  readonly settled: readonly Line[];
  /** The line that is written, after blank ones that may turn out to be the end; none when it is blank too */
  readonly open: readonly Line[];
}

export interface Terminal {
  feed(text: string): Growth;
}

/** No program may make a line longer than this by moving to where nothing stands. */
const WIDEST = 1_000;
const BLANK: Line = [];

const ESCAPE = '\u001b';
/** One character that says the same as an escape and a letter */
const SHORT: Readonly<Record<string, string>> = {
  '\u009b': '[',
  '\u009d': ']',
  '\u0090': 'P',
  '\u0098': 'X',
  '\u009e': '^',
  '\u009f': '_',
};
/** What begins a text that is not meant for the screen */
const UNSHOWN = new Set([']', 'P', 'X', '^', '_']);
/** What ends it; at the end of the line at the latest, so that a torn one hides no more than that */
const UNSHOWN_END = new Set(['\u0007', '\u0018', '\u001a', '\u009c', '\n']);
const CONTROL = /\p{Cc}/u;
const NUMBERS = /^[\d:;]*$/;

export function terminal(): Terminal {
  let row = emptyRow();
  let pen = PLAIN;
  let blank = 0;
  let settled: Line[] = [];
  let parameters = '';
  let expects: (char: string) => void;

  const endLine = () => {
    if (row.isBlank()) blank++;
    else {
      for (; blank > 0; blank--) settled.push(BLANK);
      settled.push(row.line());
    }
    row = emptyRow();
  };

  const controls: Readonly<Record<string, () => void>> = {
    '\n': endLine,
    '\r': () => row.goTo(0),
    '\b': () => row.goTo(row.column - 1),
    '\t': () => row.write('\t', lookOf(pen)),
  };

  /** What follows `ESC [` and its parameters, by its last letter */
  const commands: Readonly<Record<string, (given: string) => void>> = {
    m: (given) => {
      pen = dressed(pen, given);
    },
    C: (given) => row.goTo(row.column + (number(given) || 1)),
    D: (given) => row.goTo(row.column - (number(given) || 1)),
    G: (given) => row.goTo((number(given) || 1) - 1),
    K: (given) => row.erase(number(given)),
  };

  const anything = (char: string) => {
    if (char === ESCAPE) expects = afterEscape;
    else if (SHORT[char]) afterEscape(SHORT[char]);
    else if (CONTROL.test(char)) controls[char]?.();
    else row.write(char, lookOf(pen));
  };

  const afterEscape = (char: string) => {
    parameters = '';
    if (char === '[') expects = command;
    else if (UNSHOWN.has(char)) expects = unshown;
    else if (char < ' ') interrupted(char);
    else if (char > '/') expects = anything;
  };

  const command = (char: string) => {
    if (char < ' ') interrupted(char);
    else if (char < '@') parameters += char;
    else {
      expects = anything;
      if (NUMBERS.test(parameters)) commands[char]?.(parameters);
    }
  };

  const unshown = (char: string) => {
    if (char === ESCAPE) expects = afterEscape;
    else if (UNSHOWN_END.has(char)) interrupted(char);
  };

  // What stands in the midst of a sequence ends it.
  const interrupted = (char: string) => {
    expects = anything;
    anything(char);
  };

  expects = anything;

  // Text without a control in it, which nearly all is, is not looked at letter by letter.
  const feed = (text: string): Growth => {
    settled = [];
    const control = new RegExp(CONTROL, 'gu');
    let at = 0;
    while (at < text.length) {
      if (expects !== anything) expects(text.charAt(at++));
      else {
        control.lastIndex = at;
        const end = control.exec(text)?.index ?? text.length;
        if (end > at) row.write(text.slice(at, end), lookOf(pen));
        if (end < text.length) anything(text.charAt(end));
        at = end + 1;
      }
    }
    return { settled, open: row.isBlank() ? [] : [...Array<Line>(blank).fill(BLANK), row.line()] };
  };

  return { feed };
}

/** The words of an output alone */
export function plainOutput(output: string): string {
  const { settled, open } = terminal().feed(output);
  return [...settled, ...open].map((line) => line.map(({ text }) => text).join('')).join('\n');
}

interface Row {
  /** Where the next letter is written */
  readonly column: number;
  goTo(column: number): void;
  write(text: string, look: string): void;
  /** 0: to the end, 1: from the beginning, 2: all */
  erase(how: number): void;
  isBlank(): boolean;
  line(): Line;
}

function emptyRow(): Row {
  const chars: string[] = [];
  const looks: string[] = [];
  let column = 0;
  // What is written on at its end is not gathered anew from its beginning.
  let runs: Run[] = [];
  let told = 0;

  const changedFrom = (at: number) => {
    if (at >= told) return;
    runs = [];
    told = 0;
  };

  const put = (at: number, char: string, look: string) => {
    changedFrom(at);
    chars[at] = char;
    looks[at] = look;
  };

  return {
    get column() {
      return column;
    },
    goTo(to) {
      column = Math.max(0, Math.min(to, Math.max(chars.length, WIDEST)));
    },
    write(text, look) {
      while (chars.length < column) put(chars.length, ' ', '');
      for (const char of text) put(column++, char, look);
    },
    erase(how) {
      const end = Math.min(column + 1, chars.length);
      changedFrom(0);
      if (how === 1) for (let at = 0; at < end; at++) put(at, ' ', '');
      else chars.length = looks.length = how === 2 ? 0 : Math.min(column, chars.length);
    },
    isBlank: () => chars.every((char) => char === ' ' || char === '\t'),
    line() {
      while (told < chars.length) {
        const look = looks[told] ?? '';
        let end = told;
        while (end < chars.length && looks[end] === look) end++;
        const text = chars.slice(told, end).join('');
        const last = runs.at(-1);
        if (last?.look === look) runs[runs.length - 1] = { text: last.text + text, look };
        else runs.push({ text, look });
        told = end;
      }
      return [...runs];
    },
  };
}

function number(text: string): number {
  return Number.parseInt(text, 10) || 0;
}
