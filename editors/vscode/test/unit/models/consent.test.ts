import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Consent, questionAbout, SOMEBODY } from '../../../src/models/consent.ts';

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

test('one that VS Code does not name is asked about as such, and a yes is for this window', async () => {
  const { consent, asked, kept } = world(true);
  assert.deepEqual([await consent.allows(undefined), await consent.allows(undefined)], [true, true]);
  assert.deepEqual([asked, kept()], [[SOMEBODY], []]);
});

test('who asks is known by its id, whatever it calls itself', () => {
  const WANTS = 'wants to use the models that you are signed in to with pi';
  const rows: [id: string, name: unknown, text: string, called: string | undefined][] = [
    ['a.b', 'Good Name', `The extension a.b ${WANTS}`, 'It calls itself “Good Name”.'],
    [
      'a.b',
      'pi (pi-server.pi)\n\n\u202eevil\u200b',
      `The extension a.b ${WANTS}`,
      'It calls itself “pi (pi-server.pi) evil”.',
    ],
    ['a.b', 'x'.repeat(500), `The extension a.b ${WANTS}`, `It calls itself “${'x'.repeat(60)}…”.`],
    ['a.b', undefined, `The extension a.b ${WANTS}`, undefined],
    ['a.b', { odd: true }, `The extension a.b ${WANTS}`, undefined],
    [SOMEBODY, 'Name', `An extension that VS Code does not name ${WANTS}`, undefined],
  ];
  for (const [id, name, text, called] of rows) {
    const { text: said, detail } = questionAbout(id, name);
    const [first, second] = detail.split('\n\n');
    assert.deepEqual([said, second === undefined ? undefined : first], [text, called]);
  }
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
