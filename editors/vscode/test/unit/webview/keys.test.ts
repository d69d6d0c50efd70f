import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Key, type PromptAction, type PromptState, promptAction } from '../../../src/webview/keys.ts';

const PLAIN: PromptState = { text: 'hello', from: 5, to: 5, running: false, sendWith: 'enter', chips: 0 };
const EMPTY = { ...PLAIN, text: '', from: 0, to: 0 };
const LISTED: PromptState = { ...PLAIN, list: { length: 3, exact: false } };
const MODIFIER: PromptState = { ...PLAIN, sendWith: 'modifierEnter' };

const ROWS: readonly (readonly [about: string, key: Key, state: PromptState, action: PromptAction])[] = [
  ['Enter sends', { key: 'Enter' }, PLAIN, 'send'],
  ['Shift+Enter begins a line', { key: 'Enter', shiftKey: true }, PLAIN, 'none'],
  ['Ctrl+Enter sends too', { key: 'Enter', ctrlKey: true }, PLAIN, 'send'],
  ['Enter begins a line where a modifier sends', { key: 'Enter' }, MODIFIER, 'none'],
  ['Ctrl+Enter sends there', { key: 'Enter', ctrlKey: true }, MODIFIER, 'send'],
  ['⌘Enter sends there', { key: 'Enter', metaKey: true }, MODIFIER, 'send'],
  ['Enter of an input method is its own', { key: 'Enter', isComposing: true }, PLAIN, 'none'],
  ['also where only the key code tells it', { key: 'Enter', keyCode: 229 }, PLAIN, 'none'],
  [
    'Escape of an input method stops nothing',
    { key: 'Escape', isComposing: true },
    { ...PLAIN, running: true },
    'none',
  ],
  ['Escape stops', { key: 'Escape' }, { ...PLAIN, running: true }, 'stop'],
  ['Escape is nothing where nothing runs', { key: 'Escape' }, PLAIN, 'none'],
  ['Up recalls in an empty prompt', { key: 'ArrowUp' }, EMPTY, 'recall'],
  ['Up moves in a prompt', { key: 'ArrowUp' }, PLAIN, 'none'],
  ['Alt+Up is for the turns', { key: 'ArrowUp', altKey: true }, EMPTY, 'none'],
  [
    'Backspace at the beginning takes away',
    { key: 'Backspace' },
    { ...PLAIN, from: 0, to: 0, chips: 1 },
    'removeChip',
  ],
  [
    'Backspace on a selection deletes it',
    { key: 'Backspace' },
    { ...PLAIN, from: 0, to: 5, chips: 1 },
    'none',
  ],
  ['Backspace with nothing to take away', { key: 'Backspace' }, EMPTY, 'none'],
  ['Down goes down in a list', { key: 'ArrowDown' }, LISTED, 'nextItem'],
  ['Up goes up in a list', { key: 'ArrowUp' }, { ...LISTED, text: '' }, 'previousItem'],
  ['Enter takes of a list', { key: 'Enter' }, LISTED, 'takeItem'],
  ['Tab takes of a list', { key: 'Tab' }, LISTED, 'takeItem'],
  ['Shift+Tab leaves', { key: 'Tab', shiftKey: true }, LISTED, 'none'],
  ['Escape closes a list before it stops', { key: 'Escape' }, { ...LISTED, running: true }, 'closeList'],
  [
    'Enter sends what stands there whole',
    { key: 'Enter' },
    { ...PLAIN, list: { length: 1, exact: true } },
    'send',
  ],
  ['Shift+Enter begins a line under a list', { key: 'Enter', shiftKey: true }, LISTED, 'none'],
  ['an empty list is none', { key: 'Enter' }, { ...PLAIN, list: { length: 0, exact: false } }, 'send'],
  ['Tab leaves where there is no list', { key: 'Tab' }, PLAIN, 'none'],
];

for (const [about, key, state, action] of ROWS)
  test(about, () => {
    assert.equal(promptAction(key, state), action);
  });
