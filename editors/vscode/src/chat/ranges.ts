// Where a range of a document is after the document has changed around it or in it.
// In: LSP ranges, and changes as an editor tells them. Out: LSP ranges. Pure.
import type { Position, Range } from '../protocol.ts';

export interface Change {
  /** What was replaced, as the document was before */
  readonly range: Range;
  readonly text: string;
}

/** Text put in at an edge stays outside; what replaces the whole range is the range. */
export function shifted(range: Range, change: Change): Range {
  const start = shiftedStart(range.start, change);
  const end = shiftedEnd(range.end, change);
  return isBefore(end, start) ? { start, end: start } : { start, end };
}

export function isEmpty(range: Range): boolean {
  return same(range.start, range.end);
}

/** The last line that is touched: a range that ends at the start of a line does not touch that line. */
export function lastLine(range: Range): number {
  const before = range.end.character === 0 && range.end.line > range.start.line;
  return range.end.line - (before ? 1 : 0);
}

export function isBefore(one: Position, other: Position): boolean {
  return one.line < other.line || (one.line === other.line && one.character < other.character);
}

function shiftedStart(position: Position, change: Change): Position {
  const { start, end } = change.range;
  if (isBefore(position, start)) return position;
  if (same(position, start) && !same(start, end)) return position;
  return isBefore(position, end) ? endOf(start, change.text) : behind(position, change);
}

function shiftedEnd(position: Position, change: Change): Position {
  const { start, end } = change.range;
  if (!isBefore(start, position)) return position;
  return isBefore(position, end) ? start : behind(position, change);
}

// A position that stands after what was replaced.
function behind(position: Position, change: Change): Position {
  const { start, end } = change.range;
  const inserted = endOf(start, change.text);
  const line = position.line - end.line + inserted.line;
  if (position.line > end.line) return { line, character: position.character };
  return { line, character: position.character - end.character + inserted.character };
}

function endOf(start: Position, text: string): Position {
  const lines = text.split(/\r\n|\r|\n/);
  const last = lines.at(-1)?.length ?? 0;
  return lines.length === 1
    ? { line: start.line, character: start.character + last }
    : { line: start.line + lines.length - 1, character: last };
}

function same(one: Position, other: Position): boolean {
  return one.line === other.line && one.character === other.character;
}
