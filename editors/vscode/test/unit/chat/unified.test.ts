import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applied, parsed, reversed } from '../../../src/chat/unified.ts';

const HEAD = '--- a/x.py\n+++ b/x.py\n';

function only(diff: string) {
  const [file] = parsed(diff);
  assert.ok(file);
  return file;
}

const rows: [about: string, before: string, diff: string, after: string | null][] = [
  ['a line replaced', 'a\nb\nc\n', `${HEAD}@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n`, 'a\nB\nc\n'],
  ['without counts', 'b\n', `${HEAD}@@ -1 +1 @@\n-b\n+B\n`, 'B\n'],
  [
    'two hunks',
    'a\nb\nc\nd\ne\n',
    `${HEAD}@@ -1 +1,2 @@\n-a\n+A\n+1\n@@ -5 +6 @@\n-e\n+E\n`,
    'A\n1\nb\nc\nd\nE\n',
  ],
  ['further down than it says', '0\n1\na\nb\n', `${HEAD}@@ -1,2 +1,2 @@\n a\n-b\n+B\n`, '0\n1\na\nB\n'],
  ['the nearer of two places', 'a\n0\n0\na\n', `${HEAD}@@ -4 +4 @@\n-a\n+A\n`, 'a\n0\n0\nA\n'],
  ['another text', 'x\ny\n', `${HEAD}@@ -1,2 +1,2 @@\n a\n-b\n+B\n`, null],
  [
    'an empty context line without its blank',
    'a\n\nb\n',
    `${HEAD}@@ -1,3 +1,3 @@\n a\n\n-b\n+B\n`,
    'a\n\nB\n',
  ],
  [
    'no newline at the end, and the diff says so',
    'a\nb',
    `${HEAD}@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+B\n\\ No newline at end of file\n`,
    'a\nB',
  ],
  ['a newline gained', 'a', `${HEAD}@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n`, 'a\n'],
  [
    'no newline at the end, and the diff does not say so',
    'a\nb',
    `${HEAD}@@ -1,2 +1,2 @@\n-a\n+A\n b\n`,
    'A\nb',
  ],
  ['lines put after a last line without a newline', 'a', `${HEAD}@@ -1 +1,2 @@\n a\n+b\n`, 'a\nb\n'],
  ['Windows line ends stay', 'a\r\nb\r\n', `${HEAD}@@ -1,2 +1,2 @@\n a\n-b\n+B\n`, 'a\r\nB\r\n'],
  ['lines that look like names', '-- x\n++ y\n', `${HEAD}@@ -1,2 +1,1 @@\n--- x\n ++ y\n`, '++ y\n'],
  ['a new file', '', '--- /dev/null\n+++ b/n.py\n@@ -0,0 +1,2 @@\n+a\n+b\n', 'a\nb\n'],
  ['a file taken away', 'a\nb\n', '--- a/o.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n', ''],
  ['lines added after the third', '1\n2\n3\n4\n', `${HEAD}@@ -3,0 +4,1 @@\n+x\n`, '1\n2\n3\nx\n4\n'],
  [
    'git says more in front',
    'b\n',
    `diff --git a/x.py b/x.py\nindex 1..2 100644\n${HEAD}@@ -1 +1 @@ def f():\n-b\n+B\n`,
    'B\n',
  ],
  ['a control character is a letter like others', 'a\u0001\n', `${HEAD}@@ -1 +1 @@\n-a\u0001\n+b\n`, 'b\n'],
];

for (const [about, before, diff, after] of rows) {
  test(about, () => assert.equal(applied(before, only(diff)), after));
  if (after !== null && !about.includes('does not say so') && !about.startsWith('lines put after')) {
    test(`${about}, and back`, () => assert.equal(applied(after, reversed(only(diff))), before));
  }
}

test('names, without the letters that git puts before them', () => {
  const names = (diff: string) => parsed(diff).map(({ before, after }) => [before, after]);
  const hunk = '@@ -1 +1 @@\n-a\n+b\n';
  assert.deepEqual(names(`--- a/x y.py\t2026-01-01\n+++ b/x y.py\t2026-01-02\n${hunk}`), [
    ['x y.py', 'x y.py'],
  ]);
  assert.deepEqual(names(`--- /dev/null\n+++ b/n\n${hunk}--- a/o\n+++ /dev/null\n${hunk}`), [
    [null, 'n'],
    ['o', null],
  ]);
  assert.deepEqual(names(`--- src/x\n+++ src/x\n${hunk}`), [['src/x', 'src/x']]);
});

test('what is no diff has no files', () => {
  for (const text of ['', 'hello', '@@ -1 +1 @@\n-a\n+b\n', '--- a\n+++ b\n', '--- a\nnot the other\n']) {
    assert.deepEqual(parsed(text), []);
  }
});
