import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delayAfter, RESTARTS, recent, WINDOW_MS } from '../../../src/server/backoff.ts';

test('at once, then later and later, and after too many times not at all', () => {
  const rows: [crashes: number[], now: number, delay: number | null][] = [
    [[0], 0, 0],
    [[0, 10], 10, 500],
    [[0, 10, 20], 20, 1000],
    [[0, 10, 20, 30], 30, 2000],
    [[0, 10, 20, 30, 40], 40, 4000],
    [[0, 10, 20, 30, 40, 50], 50, null],
    [[0, 10, 20, 30, 40, WINDOW_MS], WINDOW_MS, 4000],
    [[0, 10, 20, 30, 40, WINDOW_MS + 40], WINDOW_MS + 40, 0],
  ];
  assert.deepEqual(
    rows.map(([crashes, now]) => delayAfter(crashes, now)),
    rows.map(([, , delay]) => delay),
  );
});

test('as many restarts within three minutes as the other editors allow', () => {
  const crashes = Array.from({ length: RESTARTS }, (_, at) => at);
  assert.notEqual(delayAfter(crashes, RESTARTS), null);
  assert.equal(delayAfter([...crashes, RESTARTS], RESTARTS), null);
  assert.deepEqual(recent([0, 1, WINDOW_MS], WINDOW_MS), [1, WINDOW_MS]);
});
