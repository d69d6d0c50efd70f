import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Link, linkOf } from '../../../src/chat/links.ts';
import { type Mention, mentionsOf } from '../../../src/chat/mentions.ts';
import { ago, cost, plural, tokens, usageText } from '../../../src/chat/numbers.ts';
import { titleOf } from '../../../src/chat/titles.ts';

const mentions: [prompt: string, found: Mention[][]][] = [
  ['look at @src/x.py', [[{ path: 'src/x.py' }]]],
  [
    '@src/x.py:10-20 and @y:7',
    [[{ path: 'src/x.py', first: 10, last: 20 }], [{ path: 'y', first: 7, last: 7 }]],
  ],
  ['see @x.py.', [[{ path: 'x.py.' }, { path: 'x.py' }]]],
  ['(@x.py)', [[{ path: 'x.py)' }, { path: 'x.py' }]]],
  ['@x @x', [[{ path: 'x' }]]],
  ['ada@example.com', []],
  ['@', []],
  ['nothing', []],
];

for (const [prompt, found] of mentions) {
  test(`${JSON.stringify(prompt)} names ${found.length}`, () => assert.deepEqual(mentionsOf(prompt), found));
}

const none: Link = { type: 'none' };
const links: [href: string, link: Link][] = [
  ['https://example.com/a?b#c', { type: 'outer', url: 'https://example.com/a?b#c' }],
  ['HTTP://example.com', { type: 'outer', url: 'HTTP://example.com' }],
  ['mailto:ada@example.com', { type: 'outer', url: 'mailto:ada@example.com' }],
  ['src/x.py:12', { type: 'file', path: 'src/x.py', line: 12 }],
  ['src/x.py:12:3', { type: 'file', path: 'src/x.py', line: 12 }],
  ['src/x.py:12-20', { type: 'file', path: 'src/x.py', line: 12 }],
  ['x.py#L7', { type: 'file', path: 'x.py', line: 7 }],
  ['file:///w/x%20y.py', { type: 'file', path: '/w/x y.py' }],
  ['my%20file.py', { type: 'file', path: 'my file.py' }],
  ['100%', { type: 'file', path: '100%' }],
  ['javascript:alert(1)', none],
  ['command:workbench.action.quit', none],
  ['vscode://x/y', none],
  ['data:text/html,x', none],
  ['#heading', none],
  ['  ', none],
];

for (const [href, link] of links) test(`a link to ${href}`, () => assert.deepEqual(linkOf(href), link));

test('numbers as people read them', () => {
  assert.deepEqual([0, 999, 1000, 1234, 9999, 12_345, 200_000, 1_000_000].map(tokens), [
    '0',
    '999',
    '1k',
    '1.234k',
    '9.999k',
    '12k',
    '200k',
    '1M',
  ]);
  assert.deepEqual([0, 0.0022, 0.01, 1.5].map(cost), ['$0.00', '$0.0022', '$0.01', '$1.50']);
  assert.deepEqual(
    [plural(1, 'message'), plural(2, 'message'), plural(0, 'entry', 'entries')],
    ['1 message', '2 messages', '0 entries'],
  );
  const usage = {
    inputTokens: 10,
    outputTokens: 5,
    cacheReadTokens: 900,
    cacheWriteTokens: 90,
    reasoningTokens: 0,
  };
  assert.equal(usageText({ ...usage, costUsd: null }), '1k in, 5 out');
  assert.equal(usageText({ ...usage, costUsd: 0.02 }), '1k in, 5 out · $0.02');
});

test('how long ago', () => {
  const minute = 60_000;
  assert.deepEqual(
    [-5, 0, 1, 59, 60, 24 * 60, 3 * 24 * 60].map((minutes) => ago(10 ** 12, 10 ** 12 - minutes * minute)),
    ['just now', 'just now', '1 min ago', '59 min ago', '1 h ago', '1 day ago', '3 days ago'],
  );
});

test('a title is one line of a prompt', () => {
  assert.equal(titleOf('  Hello\n\tthere \u202e'), 'Hello there');
  assert.equal(titleOf(' \n '), 'New chat');
  assert.equal(titleOf('word '.repeat(40)), `${'word '.repeat(15).trim()}…`);
  assert.equal([...titleOf('😀'.repeat(200))].length, 80);
});
