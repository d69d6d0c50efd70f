import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QuickInput } from 'vscode';
import { Desk } from '../../../src/auth/desk.ts';

/** One that VS Code tells of later, as it does, that it was hidden */
function box(desk: Desk) {
  const leavings: boolean[] = [];
  let hidings = 0;
  const input = {
    show: () => undefined,
    hide: () => void hidings++,
    dispose: () => undefined,
  } as unknown as QuickInput;
  const told = () => {
    for (; hidings; hidings -= 1) leavings.push(desk.isLeaving(input));
    return leavings;
  };
  return { input, told };
}

test('it is not left when it is brought forward, however often before VS Code has told of that', () => {
  const desk = new Desk();
  const { input, told } = box(desk);
  desk.show(input);
  desk.focus();
  desk.focus();
  assert.deepEqual(told(), [false, false]);
  desk.focus();
  assert.deepEqual(told(), [false, false, false]);
  input.hide();
  assert.deepEqual(told().at(-1), true);
});

test('it is left when the flow is ended, also while it is brought forward', () => {
  const desk = new Desk();
  const { input, told } = box(desk);
  desk.show(input);
  desk.close();
  assert.deepEqual(told(), [true]);
  assert.equal(desk.isClosed, true);
});
