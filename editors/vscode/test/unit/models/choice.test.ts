import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chosenOf, isModelId, RECENT, withLevel, withRecent } from '../../../src/models/choice.ts';

describe('the chosen model', () => {
  const rows: [string, string | undefined, string, string | undefined, string | undefined][] = [
    ['is the one of this workspace', 'a/1', 'b/2', 'c/3', 'a/1'],
    ['is the setting’s, where nobody has chosen', undefined, 'b/2', 'c/3', 'b/2'],
    ['is the last one anywhere, without a setting', undefined, '', 'c/3', 'c/3'],
    ['is the server’s, when nothing is known', undefined, '', undefined, undefined],
  ];
  for (const [what, workspace, setting, last, chosen] of rows)
    it(what, () => assert.equal(chosenOf({ workspace, setting, last }), chosen));
});

describe('recent models', () => {
  const rows: [string, string[], string, string[]][] = [
    ['begin with one', [], 'a/1', ['a/1']],
    ['have the newest first', ['a/1'], 'b/2', ['b/2', 'a/1']],
    ['have each once', ['a/1', 'b/2', 'c/3'], 'c/3', ['c/3', 'a/1', 'b/2']],
    ['are few', ['1/', '2/', '3/', '4/', '5/'], '6/', ['6/', '1/', '2/', '3/', '4/']],
  ];
  for (const [what, before, id, after] of rows)
    it(what, () => {
      assert.deepEqual(withRecent(before, id), after);
      assert.ok(after.length <= RECENT);
    });
});

describe('a model that is typed', () => {
  for (const [text, is] of [
    ['anthropic/claude-x', true],
    ['openrouter/vendor/model:free', true],
    ['claude', false],
    ['claude opus', false],
    ['anthropic/', false],
    ['/claude', false],
    ['anthropic/claude x', false],
    [`a/${'b'.repeat(200)}`, false],
  ] as const)
    it(`“${text.slice(0, 40)}” ${is ? 'can' : 'cannot'} be sent`, () => assert.equal(isModelId(text), is));
});

describe('levels of reasoning', () => {
  it('are kept for each model', () =>
    assert.deepEqual(withLevel({ 'a/1': 'low' }, 'b/2', 'high'), { 'a/1': 'low', 'b/2': 'high' }));
  it('are forgotten for the provider’s default', () =>
    assert.deepEqual(withLevel({ 'a/1': 'low', 'b/2': 'high' }, 'a/1', null), { 'b/2': 'high' }));
});
