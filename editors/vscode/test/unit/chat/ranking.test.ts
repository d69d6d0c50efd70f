import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ranked } from '../../../src/chat/ranking.ts';

const paths = [
  'src/server/session.py',
  'session.py',
  'docs/sessions.md',
  'src/main.py',
  'tests/test_session.py',
  'SRC/Other.ts',
];
const candidates = [
  { uri: 'file:///w/src/main.py', path: 'src/main.py', open: true },
  ...paths.map((path) => ({ uri: `file:///w/${path}`, path, open: false })),
];

const rows: [query: string, best: string[]][] = [
  [
    '',
    [
      'src/main.py',
      'session.py',
      'SRC/Other.ts',
      'docs/sessions.md',
      'src/server/session.py',
      'tests/test_session.py',
    ],
  ],
  ['session.py', ['session.py', 'src/server/session.py', 'tests/test_session.py']],
  ['sess', ['session.py', 'docs/sessions.md', 'src/server/session.py', 'tests/test_session.py']],
  ['src/', ['src/main.py', 'SRC/Other.ts', 'src/server/session.py']],
  ['src\\ser', ['src/server/session.py']],
  ['other', ['SRC/Other.ts']],
  ['mnpy', ['src/main.py']],
  ['tsn', ['tests/test_session.py']],
  ['zzz', []],
];

for (const [query, best] of rows) {
  test(`@${query}`, () =>
    assert.deepEqual(
      ranked(query, candidates, 10).map(({ path }) => path),
      best,
    ));
}

test('no more than are wanted, and 100,000 files in no time that is felt', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => ({
    uri: `file:///w/${index}`,
    path: `packages/some/where/module_${index}.py`,
    open: false,
  }));
  const began = performance.now();
  assert.equal(ranked('modu9', many, 50).length, 50);
  assert.ok(performance.now() - began < 2000);
});
