import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Consent, SOMEBODY } from '../../../src/models/consent.ts';

function world(...answers: boolean[]) {
  const asked: string[] = [];
  let kept: readonly string[] = [];
  const consent = new Consent({
    ask: async (extension) => {
      asked.push(extension);
      return answers.shift() ?? false;
    },
    kept: {
      get: () => kept,
      set: (extensions) => {
        kept = extensions;
      },
    },
    self: 'pi-server.pi',
  });
  return { consent, asked, kept: () => kept };
}

test('an extension is asked about once, and a yes is kept', async () => {
  const { consent, asked, kept } = world(true);
  assert.deepEqual(await Promise.all([consent.allows('a.b'), consent.allows('A.B')]), [true, true]);
  assert.equal(await consent.allows('a.b'), true);
  assert.deepEqual([asked, kept()], [['a.b'], ['a.b']]);
});

test('a no counts as long as the window lives, and is not kept', async () => {
  const { consent, asked, kept } = world(false);
  assert.deepEqual([await consent.allows('a.b'), await consent.allows('a.b')], [false, false]);
  assert.deepEqual([asked, kept()], [['a.b'], []]);
});

test('one that VS Code does not name is asked about as such', async () => {
  const { consent, asked } = world(true);
  assert.equal(await consent.allows(undefined), true);
  assert.deepEqual(asked, [SOMEBODY]);
});

test('our own needs no leave', async () => {
  const { consent, asked } = world();
  assert.equal(await consent.allows('pi-server.Pi'), true);
  assert.deepEqual(asked, []);
});

test('once forgotten, everybody is asked about anew', async () => {
  const { consent, asked } = world(true, false);
  assert.equal(await consent.allows('a.b'), true);
  consent.forget();
  assert.equal(await consent.allows('a.b'), false);
  assert.deepEqual(asked, ['a.b', 'a.b']);
});
