import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInlinePicture, linkTarget } from '../../../src/webview/links.ts';

const FOLLOWED = [
  'https://example.com',
  'HTTP://example.com/a?b=c#d',
  'http://127.0.0.1:8080/',
  'mailto:ada@example.com',
  'src/greet.py',
  './a.ts',
  '../a/b.ts#L10',
  '/home/ada/a.py',
  'a.py:12',
  'a.py:12:3',
  'src/a.py:12-20',
  'my%20file.txt',
  'C:\\work\\a.cs',
  'c:/src/a.cs:3',
  'file:///home/ada/a.py',
  'Makefile',
];

const REFUSED = [
  '',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  'java\tscript:alert(1)',
  ' javascript:alert(1)',
  '\u0001javascript:alert(1)',
  'javascript\u200b:alert(1)',
  'java%0Ascript:alert(1)',
  '%6Aavascript:alert(1)',
  'src/a%00.py',
  'vbscript:x',
  'data:text/html,<script>alert(1)</script>',
  'data:image/svg+xml;base64,PHN2Zz4=',
  'data:image/png;base64,iVBORw0KGgo=',
  'command:workbench.action.quit',
  'vscode://some.extension/open',
  'vscode-file://vscode-app/etc/passwd',
  'blob:https://example.com/1',
  'about:blank',
  'ws://example.com',
  'ftp://example.com/a',
  'file://host/share',
  '//example.com/a',
  '\\\\host\\share',
  'http:///nowhere',
  'https:example.com',
  'mailto:',
  '#top',
  '?x',
  'a b.txt',
  'a\u202egpj.exe',
  `https://example.com/${'x'.repeat(5000)}`,
];

for (const href of FOLLOWED)
  test(`is followed: ${href}`, () => {
    assert.equal(linkTarget(href), href);
  });

for (const href of REFUSED)
  test(`is text: ${JSON.stringify(href).slice(0, 60)}`, () => {
    assert.equal(linkTarget(href), null);
  });

test('pictures are shown when they are here already, of the kinds that run nothing', () => {
  assert.ok(isInlinePicture('data:image/png;base64,iVBORw0KGgo='));
  assert.ok(isInlinePicture('data:image/webp;base64,UklGRg=='));
  for (const src of [
    'https://example.com/a.png',
    'data:image/svg+xml;base64,PHN2Zz4=',
    'data:image/png,raw',
    'data:image/png;base64,iVBO" onerror="x',
    'data:text/html;base64,PHN2Zz4=',
    'a.png',
  ])
    assert.ok(!isInlinePicture(src), src);
});
