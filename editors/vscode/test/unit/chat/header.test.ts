import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerOf, type Known, namesOf } from '../../../src/chat/header.ts';
import type { Model } from '../../../src/protocol.ts';
import { USAGE } from './world.ts';

const NOTHING: Known = {
  title: 'Hello',
  modelId: undefined,
  model: undefined,
  names: {},
  account: null,
  usage: undefined,
  server: 'running',
  auth: 'ready',
  notice: null,
  sendWith: 'enter',
};
const MODEL = { id: 'p/m', name: 'Model M', contextWindow: 200_000 } as Model;
const used = { ...USAGE, inputTokens: 10_000, cacheReadTokens: 39_000, outputTokens: 1000, costUsd: 0.02 };

const rows: [
  about: string,
  known: Partial<Known>,
  model: string | null,
  fill: number | null,
  detail: string,
][] = [
  ['nothing is known', {}, null, null, ''],
  ['a model that the list lacks', { modelId: 'p/x' }, 'p/x', null, ''],
  ['a model, unused', { modelId: 'p/m', model: MODEL }, 'Model M', null, ''],
  [
    'used',
    { modelId: 'p/m', model: MODEL, usage: used },
    'Model M',
    0.25,
    '49k in, 1k out · $0.02 · context 25% of 200k',
  ],
  ['used, of a size unknown', { modelId: 'p/x', usage: used }, 'p/x', null, '49k in, 1k out · $0.02'],
  [
    'more than there is',
    { model: MODEL, modelId: 'p/m', usage: { ...used, inputTokens: 10 ** 6 } },
    'Model M',
    1,
    '1.04M in, 1k out · $0.02 · context 100% of 200k',
  ],
];

for (const [about, known, model, contextFill, contextDetail] of rows) {
  test(about, () => {
    const header = headerOf({ ...NOTHING, ...known });
    assert.deepEqual(
      [header.model, header.contextFill, header.contextDetail],
      [model, contextFill, contextDetail],
    );
  });
}

test('models have their names, as far as these are known', () => {
  const names = namesOf(['p/m', undefined, 'p/x', 'p/m'], (id) => (id === 'p/m' ? 'Model M' : undefined));
  assert.deepEqual(names, { 'p/m': 'Model M' });
  assert.deepEqual(headerOf({ ...NOTHING, names }).names, names);
});
