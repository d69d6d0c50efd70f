import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Slash, slashOf } from '../../../src/chat/slash.ts';

const text: Slash = { type: 'text' };
const command = (name: 'login' | 'logout' | 'model' | 'new', argument = '', rest = ''): Slash => ({
  type: 'command',
  name,
  argument,
  rest,
});

const rows: [prompt: string, slash: Slash][] = [
  ['/login', command('login')],
  ['/login ', command('login')],
  ['/Login', command('login')],
  ['/login anthropic', command('login', 'anthropic')],
  ['/login\tanthropic  ', command('login', 'anthropic')],
  ['/logout github-copilot', command('logout', 'github-copilot')],
  ['/model claude opus', command('model', 'claude opus')],
  ['/new', command('new')],
  ['/new\r\nExplain this', command('new', '', 'Explain this')],
  ['/login\nfake-code-0000', command('login', '', 'fake-code-0000')],
  ['/modle', { type: 'unknown', name: 'modle' }],
  ['/help me', { type: 'unknown', name: 'help' }],
  ['/?', { type: 'unknown', name: '?' }],
  [' /login', text],
  ['/etc/hosts says what?', text],
  ['/usr\nis full', text],
  ['//', text],
  ['/', text],
  ['/loginanthropic2', text],
  ['say /login', text],
  ['', text],
];

for (const [prompt, slash] of rows) {
  test(`${JSON.stringify(prompt)} is ${slash.type}`, () => assert.deepEqual(slashOf(prompt), slash));
}
