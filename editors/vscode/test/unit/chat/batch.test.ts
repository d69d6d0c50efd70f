import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batch } from '../../../src/chat/batch.ts';

function bench() {
  const delivered: number[][] = [];
  const timers: (() => void)[] = [];
  const made = batch<number>(
    (things) => delivered.push([...things]),
    (run) => timers.push(run),
  );
  return { ...made, delivered, timers, frame: () => timers.shift()?.() };
}

test('the first goes at once, what follows in the same frame goes together', () => {
  const { push, delivered, frame } = bench();
  push(1);
  push(2);
  push(3);
  assert.deepEqual(delivered, [[1]]);
  frame();
  assert.deepEqual(delivered, [[1], [2, 3]]);
});

test('no timer runs once nothing comes', () => {
  const { push, frame, timers } = bench();
  push(1);
  push(2);
  frame();
  assert.equal(timers.length, 1);
  frame();
  assert.equal(timers.length, 0);
});

test('after a pause the first goes at once again', () => {
  const { push, delivered, frame } = bench();
  push(1);
  frame();
  push(2);
  assert.deepEqual(delivered, [[1], [2]]);
});

test('what waits goes when it is asked for, once', () => {
  const { push, flush, delivered, frame } = bench();
  push(1);
  push(2);
  flush();
  flush();
  frame();
  assert.deepEqual(delivered, [[1], [2]]);
});

test('what is pushed while something is delivered comes after it', () => {
  const delivered: number[] = [];
  const timers: (() => void)[] = [];
  const made = batch<number>(
    (things) => {
      delivered.push(...things);
      if (things[0] === 1) made.push(2);
    },
    (run) => timers.push(run),
  );
  made.push(1);
  timers.shift()?.();
  assert.deepEqual(delivered, [1, 2]);
});
