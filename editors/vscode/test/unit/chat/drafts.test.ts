import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appended, type DraftChange, drafted } from '../../../src/chat/drafts.ts';

const follow = (text: string, over: string): DraftChange => ({ how: 'follow', text, over });
const append = (text: string): DraftChange => ({ how: 'append', text });

const rows: [about: string, there: string, change: DraftChange, then: string][] = [
  ['what the extension knew is followed', 'Hel', follow('Hello', 'Hel'), 'Hello'],
  ['what was given back comes into an empty prompt', '', follow('Hello', ''), 'Hello'],
  [
    'what was given back does not replace what was typed since',
    'six words',
    follow('Hello', ''),
    'six words',
  ],
  ['what is taken back takes nothing else along', 'Hello you', follow('', 'Hello'), 'Hello you'],
  ['what was refused comes after what was typed since', 'and more', append('Hello'), 'and more\nHello'],
  ['what was refused stands alone where nothing else does', ' ', append('Hello'), 'Hello'],
];

for (const [about, there, change, then] of rows) {
  test(about, () => assert.equal(drafted(there, change), then));
}

test('nothing appended changes nothing', () => assert.equal(appended('Hello ', ''), 'Hello '));
