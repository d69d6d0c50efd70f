// Unified diffs, as `pi/approve` and tool results bring them. In: a diff, and the text it is about. Out: the other
// text, or null where it does not fit. Pure. A hunk is looked for where it says it is, then near there, as `patch`
// does. Never here: a file; the names in a diff are only told.

export interface FileDiff {
  /** null: the file is made, or taken away */
  readonly before: string | null;
  readonly after: string | null;
  readonly hunks: readonly Hunk[];
}

export interface Hunk {
  /** Line of the old text, from 0 */
  readonly at: number;
  readonly lines: readonly {
    readonly sign: ' ' | '-' | '+';
    readonly text: string;
    readonly newline: boolean;
  }[];
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

export function parsed(diff: string): FileDiff[] {
  const files: FileDiff[] = [];
  const lines = diff.split('\n');
  let index = 0;
  while (index < lines.length) {
    const match = HUNK.exec(lines[index] ?? '');
    if (match && files.length) {
      const [hunk, next] = hunkAt(lines, index, match);
      const file = files.pop();
      if (file) files.push({ ...file, hunks: [...file.hunks, hunk] });
      index = next;
    } else if (lines[index]?.startsWith('--- ') && lines[index + 1]?.startsWith('+++ ')) {
      files.push({ before: nameOf(lines[index]), after: nameOf(lines[index + 1]), hunks: [] });
      index += 2;
    } else index += 1;
  }
  return files.filter((file) => file.hunks.length);
}

/** The text after the change; null when the text is not the one that the diff was made for. */
export function applied(text: string, file: FileDiff): string | null {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = linesOf(text);
  const result: string[] = [];
  let from = 0;
  let offset = 0;
  for (const hunk of file.hunks) {
    const old = hunk.lines.filter((line) => line.sign !== '+').map((line) => line.text);
    const at = placeOf(lines, old, hunk.at + offset, from);
    if (at === null) return null;
    result.push(...lines.slice(from, at), ...changed(lines.slice(at, at + old.length), hunk));
    from = at + old.length;
    offset = at - hunk.at;
  }
  result.push(...lines.slice(from));
  return joinedLines(result, eol);
}

/** The diff of the way back. */
export function reversed(file: FileDiff): FileDiff {
  let grown = 0;
  const hunks = file.hunks.map((hunk) => {
    const at = hunk.at + grown;
    grown += hunk.lines.reduce((sum, line) => sum + Number(line.sign === '+') - Number(line.sign === '-'), 0);
    return { at, lines: hunk.lines.map((line) => ({ ...line, sign: OTHER[line.sign] })) };
  });
  return { before: file.after, after: file.before, hunks };
}

const OTHER = { ' ': ' ', '-': '+', '+': '-' } as const;

// The counts of its heading say where a hunk ends, so that a removed line `-- x` is not taken for a file's name.
function hunkAt(lines: readonly string[], heading: number, match: RegExpExecArray): [Hunk, number] {
  let before = Number(match[2] ?? 1);
  let after = Number(match[4] ?? 1);
  const first = Number(match[1]);
  const at = before === 0 ? first : Math.max(first - 1, 0);
  const found: Hunk['lines'][number][] = [];
  let index = heading + 1;
  for (; index < lines.length && (before > 0 || after > 0); index += 1) {
    const line = lines[index] ?? '';
    // Some programs leave out the blank of an empty line.
    const sign = line === '' ? ' ' : line[0];
    if (sign !== ' ' && sign !== '-' && sign !== '+') {
      if (sign === '\\') unended(found);
      else break;
      continue;
    }
    if (sign !== '+') before -= 1;
    if (sign !== '-') after -= 1;
    found.push({ sign, text: line.slice(1).replace(/\r$/, ''), newline: true });
  }
  if (lines[index]?.startsWith('\\')) {
    unended(found);
    index += 1;
  }
  return [{ at, lines: found }, index];
}

// `\ No newline at end of file` is about the line above it.
function unended(lines: Hunk['lines'][number][]): void {
  const last = lines.pop();
  if (last) lines.push({ ...last, newline: false });
}

// Marks a last line without a newline, so that gaining or losing one is a difference too.
const END = '\u0000';

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n/);
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, last + END];
}

function joinedLines(lines: readonly string[], eol: string): string {
  const last = lines.length - 1;
  return lines.map((line, index) => bare(line) + (index === last && line.endsWith(END) ? '' : eol)).join('');
}

function bare(line: string): string {
  return line.endsWith(END) ? line.slice(0, -1) : line;
}

// What is kept is taken from the text, not from the diff, which may not say how the last line ends.
function changed(old: readonly string[], hunk: Hunk): string[] {
  const result: string[] = [];
  let index = 0;
  for (const line of hunk.lines) {
    if (line.sign === '+') result.push(line.newline ? line.text : line.text + END);
    else index += 1;
    if (line.sign === ' ') result.push(old[index - 1] ?? line.text);
  }
  return result;
}

// The nearest place, not before `from`, at which the old lines stand.
function placeOf(
  lines: readonly string[],
  old: readonly string[],
  wanted: number,
  from: number,
): number | null {
  const last = lines.length - old.length;
  if (!old.length) return wanted >= from && wanted <= lines.length ? wanted : null;
  for (let distance = 0; distance <= Math.max(lines.length, wanted); distance += 1) {
    for (const at of distance ? [wanted - distance, wanted + distance] : [wanted]) {
      if (at >= from && at <= last && old.every((text, index) => bare(lines[at + index] ?? '') === text))
        return at;
    }
  }
  return null;
}

function nameOf(line: string | undefined): string | null {
  const name = (line ?? '').slice(4).split('\t', 1)[0]?.trim() ?? '';
  if (name === '/dev/null') return null;
  return name.replace(/^"(.*)"$/, '$1').replace(/^[ab]\//, '');
}
