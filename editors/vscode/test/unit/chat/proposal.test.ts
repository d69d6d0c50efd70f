import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proposed } from '../../../src/chat/proposal.ts';
import type { Range } from '../../../src/protocol.ts';

const TEXT = 'one\ntwo\nthree\n';

function range(a: number, b: number, c: number, d: number): Range {
  return { start: { line: a, character: b }, end: { line: c, character: d } };
}

const rows: [about: string, before: string, range: Range | undefined, code: string, after: string][] = [
  ['the whole file', TEXT, undefined, 'new\n', 'new\n'],
  ['the whole file, its last newline kept', TEXT, undefined, 'new', 'new\n'],
  ['a file without a last newline stays so', 'one\ntwo', undefined, 'new\n', 'new'],
  ['an empty file', '', undefined, 'new\n', 'new'],
  ['an empty range is the whole file', TEXT, range(1, 0, 1, 0), 'new', 'new\n'],
  ['whole lines', TEXT, range(1, 0, 2, 0), 'TWO\n', 'one\nTWO\nthree\n'],
  ['whole lines, by more of them', TEXT, range(1, 0, 2, 0), 'a\nb', 'one\na\nb\nthree\n'],
  ['parts of lines are widened to lines', TEXT, range(0, 1, 1, 2), 'x\ny', 'x\ny\nthree\n'],
  ['a part of one line, by a part', 'f(old, 1)\n', range(0, 2, 0, 5), 'new', 'f(new, 1)\n'],
  ['a part of one line, by lines', 'f(old, 1)\ng\n', range(0, 2, 0, 5), 'a\nb', 'a\nb\ng\n'],
  ['a line without its indentation is a line', '    old\n', range(0, 4, 0, 7), 'new', 'new\n'],
  ['the last line without a newline', 'one\ntwo', range(1, 0, 1, 3), 'TWO\n', 'one\nTWO'],
  ['Windows line ends', 'one\r\ntwo\r\n', range(0, 0, 1, 0), 'a\nb\n', 'a\r\nb\r\ntwo\r\n'],
  ['a range beyond the end', TEXT, range(2, 0, 9, 0), 'x', 'one\ntwo\nx\n'],
];

for (const [about, before, where, code, after] of rows) {
  test(about, () => {
    const proposal = proposed(before, where, code);
    assert.equal(proposal.text, after);
    const { from, to, replacement } = proposal;
    assert.equal(before.slice(0, from) + replacement + before.slice(to), after);
  });
}
