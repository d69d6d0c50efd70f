import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joining } from '../../src/joining.ts';

/** Work that a test ends */
function world() {
  const begun: string[] = [];
  const ends: { resolve: (answer: string) => void; reject: (why: string) => void }[] = [];
  const ask = joining((about: string | undefined, more: string) => {
    begun.push(`${about} ${more}`);
    return new Promise<string>((resolve, reject) => ends.push({ resolve, reject }));
  });
  return { begun, ends, ask };
}

test('who asks again before it is over joins what goes on', async () => {
  for (const about of ['a', undefined]) {
    const { begun, ends, ask } = world();
    const asked = [ask(about, 'first'), ask(about, 'second')];
    ends[0]?.resolve('done');
    assert.deepEqual(await Promise.all(asked), ['done', 'done']);
    assert.deepEqual(begun, [`${about} first`]);
  }
});

test('what is about something else begins at once', () => {
  const { begun, ask } = world();
  for (const about of ['a', 'b', undefined]) void ask(about, 'first');
  assert.deepEqual(begun, ['a first', 'b first', 'undefined first']);
});

test('once it is over it begins anew, also when it failed', async () => {
  const { begun, ends, ask } = world();
  const failed = ask('a', 'first');
  ends[0]?.reject('no');
  await assert.rejects(failed, (why) => why === 'no');
  const answered = ask('a', 'second');
  ends[1]?.resolve('done');
  assert.equal(await answered, 'done');
  assert.deepEqual(begun, ['a first', 'a second']);
});
