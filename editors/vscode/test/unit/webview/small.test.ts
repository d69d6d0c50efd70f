import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffLines, diffSummary } from '../../../src/webview/diff.ts';
import { frameQueue } from '../../../src/webview/frames.ts';
import { highlighted, languageName } from '../../../src/webview/languages.ts';
import { safestOption } from '../../../src/webview/options.ts';
import { LARGEST_BYTES, pictureProblem, scaleFor } from '../../../src/webview/pictureRules.ts';
import { carriesFiles, urisOf } from '../../../src/webview/uris.ts';

test('a diff keeps its signs and says how much it changes', () => {
  const lines = diffLines('--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n+more\n');
  assert.deepEqual(
    lines.map((line) => line.kind),
    ['file', 'file', 'hunk', 'same', 'removed', 'added', 'added'],
  );
  assert.equal(diffSummary(lines), '2 added, 1 removed');
});

test('nothing in a diff is hidden, and ends of lines are ends of lines', () => {
  const lines = diffLines('+a\u202eb\r\n+\tc\u200b\rd\n');
  assert.deepEqual(
    lines.map((line) => line.text),
    ['+a\\u202eb', '+\tc\\u200b\\rd'],
  );
});

test('however much arrives within a frame, it is applied once, in order', () => {
  const frames: (() => void)[] = [];
  const batches: (readonly number[])[] = [];
  const hear = frameQueue<number>(
    (run) => frames.push(run),
    (batch) => batches.push(batch),
  );
  for (let item = 0; item < 20_000; item++) hear(item);
  assert.equal(frames.length, 1);
  frames[0]?.();
  hear(20_000);
  frames[1]?.();
  assert.deepEqual(
    batches.map((batch) => [batch.length, batch[0], batch.at(-1)]),
    [
      [20_000, 0, 19_999],
      [1, 20_000, 20_000],
    ],
  );
});

test('files are found in each form in which they are dragged', () => {
  const dragged = (data: Record<string, string>) => urisOf((type) => data[type] ?? '');
  const uri = 'vscode-remote://ssh/home/ada/a.py';
  assert.deepEqual(dragged({ 'application/vnd.code.uri-list': `${uri}\r\n${uri}` }), [uri]);
  assert.deepEqual(dragged({ resourceurls: JSON.stringify([uri, 'file:///b.py']) }), [uri, 'file:///b.py']);
  assert.deepEqual(dragged({ codefiles: '["/home/ada/a b.py"]' }), ['file:///home/ada/a%20b.py']);
  assert.deepEqual(dragged({ 'text/uri-list': '# a comment\r\nfile:///a.py' }), ['file:///a.py']);
  assert.deepEqual(dragged({ 'text/uri-list': 'https://example.com/a' }), []);
  assert.deepEqual(dragged({ resourceurls: '{' }), []);
  assert.deepEqual(dragged({ 'text/plain': 'file:///a.py' }), []);
  assert.ok(carriesFiles(['text/plain', 'ResourceURLs']));
  assert.ok(!carriesFiles(['text/plain', 'text/html']));
});

test('the answer that does no harm refuses once', () => {
  const option = (kind: 'allowOnce' | 'allowAlways' | 'rejectOnce' | 'rejectAlways') => ({
    id: kind,
    label: kind,
    kind,
  });
  const safest = (...kinds: Parameters<typeof option>[0][]) => safestOption(kinds.map(option))?.kind;
  assert.equal(safest('allowOnce', 'allowAlways', 'rejectOnce', 'rejectAlways'), 'rejectOnce');
  assert.equal(safest('allowAlways', 'allowOnce'), 'allowOnce');
  assert.equal(safest('allowOnce', 'rejectAlways'), 'rejectAlways');
  assert.equal(safest(), undefined);
});

test('pictures are of the kinds that models read; a large one is made smaller, a GIF cannot be', () => {
  const problem = (type: string, size: number) => pictureProblem({ name: 'a', type, size });
  assert.equal(problem('image/png', LARGEST_BYTES * 4), undefined);
  assert.equal(problem('image/gif', LARGEST_BYTES), undefined);
  assert.equal(problem('image/gif', 6_000_000), 'a is 6.0 MB; a GIF is sent as it is, up to 3.7 MB');
  assert.equal(problem('image/svg+xml', 10), 'a is not a PNG, JPEG, GIF or WebP picture');
  assert.equal(scaleFor(4000, 1000), 0.5);
  assert.equal(scaleFor(400, 100), 1);
});

test('code of a known language is coloured and escaped, of others left alone', () => {
  assert.equal(highlighted('x = "<b>"', 'py'), 'x = <span class="hljs-string">&quot;&lt;b&gt;&quot;</span>');
  assert.equal(highlighted('x', 'klingon'), undefined);
  assert.equal(highlighted('x'.repeat(30_001), 'py'), undefined);
  assert.deepEqual(['py', 'ts', 'sh', 'html', 'klingon', ''].map(languageName), [
    'Python',
    'TypeScript',
    'Bash',
    'HTML',
    'klingon',
    '',
  ]);
});
