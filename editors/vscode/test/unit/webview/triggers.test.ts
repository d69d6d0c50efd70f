import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandsFor, type Trigger, triggerAt } from '../../../src/webview/triggers.ts';

// The caret stands at `|`.
const ROWS: readonly (readonly [text: string, trigger: Trigger | undefined])[] = [
  ['@|', { kind: 'file', query: '', from: 0, to: 1 }],
  ['look at @src/gr|', { kind: 'file', query: 'src/gr', from: 8, to: 15 }],
  ['look at @src|/greet.py', { kind: 'file', query: 'src', from: 8, to: 12 }],
  ['(@a|', { kind: 'file', query: 'a', from: 1, to: 3 }],
  ['line\n@a|', { kind: 'file', query: 'a', from: 5, to: 7 }],
  ['ada@example|', undefined],
  ['@a b|', undefined],
  ['/|', { kind: 'command', query: '', from: 0, to: 1 }],
  ['/mo|', { kind: 'command', query: 'mo', from: 0, to: 3 }],
  [' /mo|', undefined],
  ['/mo| and more', undefined],
  ['/etc/passwd|', undefined],
  ['a /mo|', undefined],
  ['|', undefined],
];

for (const [marked, trigger] of ROWS)
  test(`at ${JSON.stringify(marked)}`, () => {
    assert.deepEqual(triggerAt(marked.replace('|', ''), marked.indexOf('|')), trigger);
  });

test('commands are offered by their beginning', () => {
  const names = (query: string) => commandsFor(query).map((command) => command.name);
  assert.deepEqual(names(''), ['/login', '/logout', '/model', '/new']);
  assert.deepEqual(names('lo'), ['/login', '/logout']);
  assert.deepEqual(names('x'), []);
});
