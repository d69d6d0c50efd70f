import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { estimatedTokens, estimatedTokensOf, offered } from '../../../src/models/offered.ts';
import { aModel, unusable } from './model.ts';

describe('what VS Code is offered', () => {
  it('is what it must know of a model', () => {
    const model = aModel('anthropic/claude-x-20260101', {
      name: 'Claude X',
      input: ['text', 'image'],
      tools: true,
    });
    assert.deepEqual(offered([model], { anthropic: 'Anthropic' }), [
      {
        id: 'anthropic/claude-x-20260101',
        name: 'Claude X',
        family: 'claude-x',
        version: 'claude-x-20260101',
        detail: 'Anthropic',
        tooltip: 'Claude X of Anthropic through pi · 200k context',
        maxInputTokens: 136_000,
        maxOutputTokens: 64_000,
        capabilities: { imageInput: true, toolCalling: true },
      },
    ]);
  });

  it('lacks what cannot be used', () =>
    assert.deepEqual(
      offered([unusable('a/b', 'login_required'), unusable('a/c', 'model_disabled')], {}),
      [],
    ));

  for (const [id, family] of [
    ['anthropic/claude-x', 'claude-x'],
    ['openai/gpt-4o-2024-11-20', 'gpt-4o'],
    ['anthropic/claude-x-latest', 'claude-x'],
    ['openrouter/vendor/model:free', 'model'],
  ] as const)
    it(`has ${family} for a family of ${id}`, () =>
      assert.equal(offered([aModel(id)], {})[0]?.family, family));

  it('leaves half of the window to ask in at least', () => {
    const [told] = offered([aModel('a/b', { contextWindow: 128_000, maxOutputTokens: 128_000 })], {});
    assert.equal(told?.maxInputTokens, 64_000);
  });
});

describe('an estimate of tokens', () => {
  for (const [text, count] of [
    ['', 0],
    ['abc', 1],
    ['abcd', 1],
    ['abcde', 2],
  ] as const)
    it(`of “${text}” is ${count}`, () => assert.equal(estimatedTokens(text), count));
  it('of a message counts its marks and pictures', () =>
    assert.equal(estimatedTokensOf({ text: 'abcdefgh', images: 2 }), 4 + 2 + 3200));
});
