import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { lineOf, type Piece, plain } from '../../src/plain.ts';

/** What VS Code makes a link of, in a notification and under an input box */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/gi;
const COMMAND = '(command:workbench.action.quit)';

test('nothing in a text that came from elsewhere can be clicked', () => {
  const texts = [
    `See [the terms]${COMMAND}`,
    `[[a]](https://host.test)${COMMAND}[b]${COMMAND}`,
    `[a]${COMMAND.replace('(', '((')}`,
    `[a\nb]${COMMAND}`,
    '[a](file:///etc/passwd "title")',
    '](](command:x)',
  ];
  for (const text of texts) {
    assert.doesNotMatch(plain(text), LINK, text);
    assert.equal(plain(plain(text)), plain(text));
  }
  assert.equal(plain('a[0] (see b[1])'), 'a[0] (see b[1])');
});

test('of a line the links that we mean are links, and nothing else', () => {
  const rows: [Piece[], string][] = [
    [['at ', { label: 'host', address: 'https://host.test/a' }], 'at [host](https://host.test/a)'],
    [[{ label: 'Show', address: 'command:pi.show?%5B1%5D' }, '.'], '[Show](command:pi.show?%5B1%5D).'],
    [
      [{ label: 'a](command:x)[b', address: 'https://host.test/x) y(z' }],
      '[a(command:x)b](https://host.test/x%29%20y%28z)',
    ],
    [[{ label: 'Quit', address: 'command:workbench.action.quit' }], 'Quit'],
    [[{ label: `[x]${COMMAND}`, address: 'file:///etc' }], `[x] ${COMMAND}`],
    [['[a]', COMMAND], `[a] ${COMMAND}`],
    [[`[a]${COMMAND}`], `[a] ${COMMAND}`],
  ];
  for (const [pieces, line] of rows) assert.equal(lineOf(pieces), line);
});

test('no other file says anything to the person past the one that takes the links out', () => {
  const source = path.join(import.meta.dirname, '../../src');
  const raw =
    /\bshow(?:Information|Warning|Error)Message\b|\bwithProgress\b|\bvalidationMessage\b|\.prompt = /g;
  const found = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'say.ts' && !file.startsWith('webview'))
    .flatMap((file) => {
      const text = readFileSync(path.join(source, file), 'utf8');
      return [...text.matchAll(raw)].map(([name]) => `${file}: ${name}; use src/say.ts`);
    });
  assert.deepEqual(found, []);
});
