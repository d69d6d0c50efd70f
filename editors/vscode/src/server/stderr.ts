// The server's standard error as lines with a level. In: text in whatever pieces it comes. Out: whole lines.
// Never here: a line without end; what is longer than a log can bear is cut.

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface Line {
  readonly level: Level;
  readonly text: string;
}

const LONGEST = 16_384;
const LEVELS: Readonly<Record<string, Level>> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'error',
};
// As the server's log writes it: time, process, level, who, what. The time stands before each line of the log anyway.
const FORMAT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)$/s;

/** A function that takes pieces and gives the lines that are whole; `null` ends it. */
export function lines(): (piece: string | null) => readonly Line[] {
  let rest = '';
  // What is written by no logger (an interpreter that cannot start) matters; a traceback belongs to the line before.
  let level: Level = 'warn';
  const line = (text: string): Line => {
    const known = FORMAT.exec(text);
    level = LEVELS[known?.[1] ?? ''] ?? level;
    return { level, text: known?.[2] ?? text };
  };
  return (piece) => {
    const whole = (rest + (piece ?? '\n')).split(/\r?\n/);
    rest = (whole.pop() ?? '').slice(0, LONGEST);
    return whole.filter((text) => text.trim() !== '').map((text) => line(text.slice(0, LONGEST)));
  };
}
