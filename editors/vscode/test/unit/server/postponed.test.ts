import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Postponed } from '../../../src/server/postponed.ts';

/** Restarts, with a clock that a test moves on */
function world() {
  const restarts: string[] = [];
  const lines: string[] = [];
  const timers = new Set<() => void>();
  const postponed = new Postponed({
    restart: (why) => restarts.push(why),
    log: (line) => lines.push(line),
    later: (_, then) => {
      timers.add(then);
      return () => timers.delete(then);
    },
  });
  const pass = () => {
    for (const then of [...timers]) {
      timers.delete(then);
      then();
    }
  };
  return { postponed, restarts, lines, pass };
}

/** A request that a test ends */
function request() {
  let resolve: (answer: string) => void = () => undefined;
  let reject: (why: string) => void = () => undefined;
  const promise = new Promise<string>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

const SETTINGS = 'its settings changed';

test('many reasons in a moment are one restart', () => {
  const { postponed, restarts, lines, pass } = world();
  for (const why of [SETTINGS, SETTINGS, 'another interpreter']) postponed.due(why);
  assert.deepEqual(restarts, []);
  pass();
  assert.deepEqual(restarts, [`${SETTINGS}, another interpreter`]);
  pass();
  assert.equal(restarts.length, 1);
  assert.deepEqual(lines, []);
});

test('it waits for an answer that is coming and for a sign-in that is open, and says why', async () => {
  for (const method of ['pi/chat', 'pi/login/submit', 'pi/login/wait']) {
    for (const end of ['resolve', 'reject'] as const) {
      const { postponed, restarts, lines, pass } = world();
      const { promise, [end]: settle } = request();
      const going = postponed.during(method, promise).catch(() => 'failed');
      postponed.due(SETTINGS);
      pass();
      assert.deepEqual(restarts, [], method);
      assert.match(lines.join(), /once no answer is coming and no sign-in is open: its settings changed/);
      settle('done');
      await going;
      pass();
      assert.deepEqual(restarts, [SETTINGS], method);
    }
  }
});

test('what begins within the moment is waited for as well', async () => {
  const { postponed, restarts, pass } = world();
  const { promise, resolve } = request();
  postponed.due(SETTINGS);
  const going = postponed.during('pi/chat', promise);
  pass();
  assert.deepEqual(restarts, []);
  resolve('done');
  assert.equal(await going, 'done');
  pass();
  assert.deepEqual(restarts, [SETTINGS]);
});

test('every other request may be asked again, and holds nothing up', () => {
  const { postponed, restarts, pass } = world();
  void postponed.during('pi/models', request().promise);
  postponed.due(SETTINGS);
  pass();
  assert.deepEqual(restarts, [SETTINGS]);
});

test('what is no longer due does not come', () => {
  const { postponed, restarts, pass } = world();
  postponed.due(SETTINGS);
  postponed.forget(SETTINGS);
  pass();
  postponed.due(SETTINGS);
  postponed.due('another interpreter');
  postponed.forget(SETTINGS);
  pass();
  assert.deepEqual(restarts, ['another interpreter']);
  postponed.due(SETTINGS);
  postponed.dispose();
  pass();
  assert.equal(restarts.length, 1);
});
