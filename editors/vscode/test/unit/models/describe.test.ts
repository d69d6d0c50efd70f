import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  description,
  detail,
  nameAtProvider,
  obstacle,
  obstacleOf,
  providerOf,
  remedy,
} from '../../../src/models/describe.ts';
import type { Model } from '../../../src/protocol.ts';
import { aModel, unusable } from './model.ts';

describe('the description', () => {
  const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
  const rows: [string, Partial<Model>, string][] = [
    ['the context alone, when nothing else is known', {}, '200k context'],
    ['a price', { price }, '200k context · $3/$15'],
    ['a price with cents', { price: { ...price, input: 0.25, output: 1.25 } }, '200k context · $0.25/$1.25'],
    ['a multiplier rather than a price', { price, multiplier: 0.33 }, '200k context · 0.33x'],
    ['a model that is in the plan', { multiplier: 0 }, '200k context · 0x'],
    ['no context that nobody knows', { contextWindow: 0 }, ''],
  ];
  for (const [what, own, text] of rows)
    it(`tells ${what}`, () => assert.equal(description(aModel('a/b', own)), text));
});

describe('the detail', () => {
  const rows: [Partial<Model>, string][] = [
    [{}, 'a/b'],
    [{ input: ['text', 'image'], tools: true, reasoning: true }, 'a/b · vision · tools · reasoning'],
    [{ tools: true }, 'a/b · tools'],
  ];
  for (const [own, text] of rows) it(`is ${text}`, () => assert.equal(detail(aModel('a/b', own)), text));
});

describe('an obstacle and what helps', () => {
  const rows: [Model, string, string][] = [
    [aModel('a/b'), '', ''],
    [unusable('a/b', 'login_required'), 'not signed in', 'Sign in to use it'],
    [unusable('a/b', 'login_expired'), 'sign-in expired', 'Sign in again to use it'],
    [unusable('a/b', 'model_not_enabled'), 'terms not accepted', 'Read its terms and enable it'],
    [unusable('a/b', 'model_disabled', 'An owner may allow it'), 'disabled', 'An owner may allow it'],
    [
      unusable('a/b', 'store_busy', 'Another process writes'),
      'Another process writes',
      'Another process writes',
    ],
    [aModel('a/b', { available: false }), 'not available', ''],
  ];
  for (const [model, why, help] of rows)
    it(`is “${why}”`, () => assert.deepEqual([obstacle(model), remedy(model)], [why, help]));
});

describe('an obstacle of an id that may be in no list', () => {
  const providers = [{ id: 'anthropic' }, { id: 'a' }];
  const known = unusable('a/b', 'login_required');
  for (const [id, model, those, why] of [
    ['a/b', known, providers, 'not signed in'],
    ['anthropic/claude-next', undefined, providers, ''],
    ['nobody/none', undefined, providers, 'there is no provider nobody'],
    ['claude', undefined, providers, 'it lacks its provider, as in provider/model'],
    ['nobody/none', undefined, [], ''],
    [undefined, undefined, providers, ''],
  ] as const)
    it(`of ${id} is “${why}”`, () => assert.equal(obstacleOf(id, model, those), why));
});

describe('an id', () => {
  for (const [id, provider, name] of [
    ['anthropic/claude-x', 'anthropic', 'claude-x'],
    ['openrouter/vendor/model:free', 'openrouter', 'vendor/model:free'],
    ['without', '', 'without'],
  ] as const)
    it(`${id} has a provider and a name`, () =>
      assert.deepEqual([providerOf(id), nameAtProvider(id)], [provider, name]));
});
