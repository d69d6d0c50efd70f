import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grouped } from '../../../src/chat/listing.ts';
import type { Chat } from '../../../src/protocol.ts';

const NOW = new Date(2026, 4, 20, 9, 0).getTime();

function chat(chatId: string, at: Date, cwd: string | null = '/w'): Chat {
  return { chatId, title: chatId, cwd, model: null, messageCount: 2, createdAt: 0, updatedAt: at.getTime() };
}

const chats = [
  chat('just now', new Date(2026, 4, 20, 8, 59)),
  chat('after midnight', new Date(2026, 4, 20, 0, 1)),
  chat('elsewhere', new Date(2026, 4, 19, 23, 59), '/other'),
  chat('last evening', new Date(2026, 4, 19, 23, 59), '/w/'),
  chat('this week', new Date(2026, 4, 14)),
  chat('this month', new Date(2026, 3, 25)),
  chat('nowhere', new Date(2026, 3, 1), null),
  chat('long ago', new Date(2025, 0, 1)),
];

function shape(folders: string[]): [string, string[]][] {
  return grouped(chats, folders, NOW).map((group) => [group.label, group.chats.map(({ chatId }) => chatId)]);
}

test('those of this folder by day, then the others', () => {
  assert.deepEqual(shape(['/w']), [
    ['Today', ['just now', 'after midnight']],
    ['Yesterday', ['last evening']],
    ['The last 7 days', ['this week']],
    ['The last 30 days', ['this month']],
    ['Older', ['long ago']],
    ['Other folders', ['elsewhere', 'nowhere']],
  ]);
});

test('without a folder all of them by day', () => {
  assert.deepEqual(
    shape([]).map(([label]) => label),
    ['Today', 'Yesterday', 'The last 7 days', 'The last 30 days', 'Older'],
  );
});

test('a clock that went back does no harm', () => {
  assert.deepEqual(grouped([chat('tomorrow', new Date(2026, 4, 21))], ['/w'], NOW)[0]?.label, 'Today');
});

test('of no chats no groups', () => assert.deepEqual(grouped([], ['/w'], NOW), []));
