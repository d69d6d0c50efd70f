import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joined, words } from '../../../src/server/words.ts';

test('a line as words', () => {
  const rows: [line: string, command: string[]][] = [
    ['', []],
    ['  pi   serve ', ['pi', 'serve']],
    ['"/my programs/pi" serve', ['/my programs/pi', 'serve']],
    ["'/my programs/pi' serve", ['/my programs/pi', 'serve']],
    ['/my\\ programs/pi serve', ['/my programs/pi', 'serve']],
    ['a"b c"d', ['ab cd']],
    ['"a \\"b\\" \\\\ c"', ['a "b" \\ c']],
    ['pi ""', ['pi', '']],
  ];
  assert.deepEqual(
    rows.map(([line]) => words(line)),
    rows.map(([, command]) => command),
  );
});

test('an open quote is said', () => {
  for (const line of ['"pi serve', "pi 'serve", 'pi serve\\'])
    assert.throws(() => words(line), /quote is not closed/);
});

test('there and back', () => {
  for (const command of [
    ['pi', 'serve'],
    ['/a b/pi', 'it"s', "it's", '', '\\'],
  ]) {
    assert.deepEqual(words(joined(command)), command);
  }
});
