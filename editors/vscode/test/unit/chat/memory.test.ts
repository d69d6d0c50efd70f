import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Memento } from 'vscode';
import { Memory } from '../../../src/chat/memory.ts';
import { FILE } from './world.ts';

/** A window's state, as it is read back after a reload */
function state(): Memento & { readonly stored: Map<string, unknown> } {
  const stored = new Map<string, unknown>();
  return {
    stored,
    keys: () => [...stored.keys()],
    get: (name: string, otherwise?: unknown) => stored.get(name) ?? otherwise,
    update: (name: string, value: unknown) => {
      stored.set(name, structuredClone(value));
      return Promise.resolve();
    },
  } as Memento & { readonly stored: Map<string, unknown> };
}

test('what was open is found again', () => {
  const kept = state();
  const before = new Memory(kept);
  before.show('side', 'a');
  before.keep('a', { chatId: 'chat-1', draft: 'half a tho' });
  before.keep('b', { chatId: null, draft: '' });
  before.forget('b');
  const after = new Memory(kept);
  assert.equal(after.shownIn('side'), 'a');
  assert.equal(after.shownIn('a tab'), undefined);
  assert.deepEqual(after.find('a'), { chatId: 'chat-1', draft: 'half a tho' });
  assert.equal(after.find('b'), undefined);
});

test('what was typed in a chat that is not open is found by the chat', () => {
  const memory = new Memory(state());
  memory.keep('a', { chatId: 'chat-1', draft: 'half a tho' });
  memory.keep('b', { chatId: 'chat-2', draft: '' });
  memory.keep('c', { chatId: null, draft: 'new' });
  assert.equal(memory.left('chat-1', new Set()), 'a');
  assert.equal(memory.left('chat-1', new Set(['a'])), undefined);
  assert.equal(memory.left('chat-2', new Set()), undefined);
  assert.equal(memory.left(null, new Set()), 'c');
});

test('what is attached in a chat that is not open is found, too', () => {
  const memory = new Memory(state());
  memory.keep('a', { chatId: 'chat-1', draft: '', pieces: [], lost: [] });
  memory.keep('b', { chatId: 'chat-2', draft: '', pieces: [FILE], lost: [] });
  memory.keep('c', { chatId: 'chat-3', draft: '', pieces: [], lost: ['shot.png'] });
  const left = ['chat-1', 'chat-2', 'chat-3'].map((chatId) => memory.left(chatId, new Set()));
  assert.deepEqual(left, [undefined, 'b', 'c']);
});

test('it does not grow without end, and what was used last stays', () => {
  const memory = new Memory(state());
  for (let count = 0; count < 200; count += 1) {
    memory.keep(`${count}`, { chatId: null, draft: 'x' });
    memory.keep('first', { chatId: null, draft: `${count}` });
  }
  assert.equal(memory.find('0'), undefined);
  assert.equal(memory.find('first')?.draft, '199');
  assert.equal(memory.find('199')?.draft, 'x');
});
