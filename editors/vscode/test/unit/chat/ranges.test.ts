import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastLine, shifted } from '../../../src/chat/ranges.ts';
import type { Range } from '../../../src/protocol.ts';

/** `2:3-4:5`, counted from 0 */
function range(text: string): Range {
  const [a = 0, b = 0, c = 0, d = 0] = text.split(/[:-]/).map(Number);
  return { start: { line: a, character: b }, end: { line: c, character: d } };
}

const rows: [about: string, before: string, change: [where: string, text: string], after: string][] = [
  ['a line above', '2:0-4:0', ['0:0-0:0', 'x\n'], '3:0-5:0'],
  ['a line below', '2:0-4:0', ['4:0-4:0', 'x\n'], '2:0-4:0'],
  ['a line above taken away', '2:0-4:0', ['0:0-1:0', ''], '1:0-3:0'],
  ['letters in front on the same line', '2:4-2:8', ['2:0-2:0', 'ab'], '2:6-2:10'],
  ['letters at its beginning stay outside', '2:4-2:8', ['2:4-2:4', 'ab'], '2:6-2:10'],
  ['letters at its end stay outside', '2:4-2:8', ['2:8-2:8', 'ab'], '2:4-2:8'],
  ['a line in it', '2:0-4:0', ['3:0-3:0', 'x\n'], '2:0-5:0'],
  ['lines of it taken away', '2:0-6:0', ['3:0-5:0', ''], '2:0-4:0'],
  ['all of it replaced', '2:0-4:0', ['2:0-4:0', 'one\n'], '2:0-3:0'],
  ['all of it taken away', '2:0-4:0', ['2:0-4:0', ''], '2:0-2:0'],
  ['more than it taken away', '2:0-4:0', ['1:0-5:0', ''], '1:0-1:0'],
  ['its beginning replaced from before', '2:0-4:0', ['1:0-3:0', 'x\n'], '2:0-3:0'],
  ['its end replaced to behind', '2:0-4:0', ['3:0-5:0', 'x\n'], '2:0-3:0'],
  ['a break on its last line, behind it', '2:0-2:5', ['2:7-2:7', '\n'], '2:0-2:5'],
  ['a break on its first line, before it', '2:3-2:5', ['2:1-2:1', '\n'], '3:2-3:4'],
];

for (const [about, before, [where, text], after] of rows) {
  test(about, () => assert.deepEqual(shifted(range(before), { range: range(where), text }), range(after)));
}

test('a range that ends at the start of a line does not touch that line', () => {
  assert.deepEqual(
    ['2:0-4:0', '2:0-4:1', '2:0-2:0', '2:3-2:9'].map((text) => lastLine(range(text))),
    [3, 4, 2, 2],
  );
});
