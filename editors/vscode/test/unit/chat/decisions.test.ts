import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decision, Decisions } from '../../../src/chat/decisions.ts';

/** A proposal whose tab and whose decision a test lets go on */
function world() {
  const done: string[] = [];
  const ends: (() => void)[] = [];
  let arrive: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const decisions = new Decisions();
  const carriedOut = (how: string) => () => {
    done.push(how);
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  const decision: Decision = { accept: carriedOut('accept'), reject: carriedOut('reject') };
  const offered = decisions.offer('x', decision, () => {
    return new Promise<void>((resolve, reject) => {
      arrive = resolve;
      fail = reject;
    });
  });
  return { decisions, done, ends, offered, arrive, fail };
}

test('pressed twice, or accepted and rejected at once, the first press counts', async () => {
  for (const second of ['accept', 'reject'] as const) {
    const { decisions, done, ends } = world();
    const made = [decisions.make('x', 'accept'), decisions.make('x', second)];
    for (const end of ends) end();
    assert.deepEqual(await Promise.all(made), [true, true]);
    assert.deepEqual(done, ['accept'], second);
  }
});

test('one that led to nothing can be made again', async () => {
  const { decisions, done, ends } = world();
  for (const how of ['accept', 'reject'] as const) {
    const made = decisions.make('x', how);
    ends.at(-1)?.();
    assert.equal(await made, true);
  }
  assert.deepEqual(done, ['accept', 'reject']);
});

test('it can be made while the proposal opens, and what opens can be closed once it is there', async () => {
  const { decisions, done, arrive, offered } = world();
  void decisions.make('x', 'reject');
  assert.deepEqual(done, ['reject']);
  const order: string[] = [];
  const closed = decisions.opened('x').then(() => order.push('closed'));
  decisions.withdraw('x');
  await Promise.resolve();
  order.push('there');
  arrive();
  await Promise.all([offered, closed]);
  assert.deepEqual(order, ['there', 'closed']);
  assert.deepEqual([decisions.has('x'), await decisions.make('x', 'accept')], [false, false]);
});

test('what does not open waits for nothing', async () => {
  const { decisions, fail, offered } = world();
  const closed = decisions.opened('x');
  fail(new Error('no editor'));
  await assert.rejects(offered, /no editor/);
  await closed;
  assert.equal(decisions.has('x'), false);
  await decisions.opened('x');
});

test('a proposal without a decision has nothing to be made', async () => {
  const decisions = new Decisions();
  await decisions.offer('x', undefined, async () => undefined);
  assert.deepEqual([decisions.has('x'), await decisions.make('x', 'accept')], [false, false]);
});
