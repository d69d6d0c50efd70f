import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Known, problemRow, type Row, rowsOf } from '../../../src/models/rows.ts';
import { aModel, unusable } from './model.ts';

const NAMES = { anthropic: 'Anthropic', openai: 'OpenAI' };

function known(own: Partial<Known>): Known {
  return { models: [], names: NAMES, current: undefined, recent: [], answered: true, ...own };
}

/** The list as one reads it: `# group`, `label | description | detail`. */
function read(rows: readonly Row[]): string[] {
  return rows.map((row) => {
    if (row.type === 'group') return `# ${row.label}`;
    return [row.label, ...('description' in row ? [row.description] : []), row.detail].join(' | ');
  });
}

const OPUS = aModel('anthropic/opus');
const HAIKU = aModel('anthropic/haiku');
const GPT = aModel('openai/gpt');

const ROWS: [string, Partial<Known>, string, string[]][] = [
  ['nothing, when nothing is known', {}, '', []],
  [
    'each provider in the server’s order',
    { models: [OPUS, HAIKU, GPT] },
    '',
    [
      '# Anthropic',
      'OPUS | 200k context | anthropic/opus',
      'HAIKU | 200k context | anthropic/haiku',
      '# OpenAI',
      'GPT | 200k context | openai/gpt',
    ],
  ],
  [
    'recent ones on top, and only there',
    { models: [OPUS, HAIKU, GPT], recent: ['openai/gpt', 'anthropic/haiku'], current: 'openai/gpt' },
    '',
    [
      '# Recently used',
      '$(check) GPT | current · 200k context | openai/gpt',
      'HAIKU | 200k context | anthropic/haiku',
      '# Anthropic',
      'OPUS | 200k context | anthropic/opus',
    ],
  ],
  [
    'the current one on top also when it was never picked',
    { models: [OPUS, HAIKU], recent: ['anthropic/haiku'], current: 'anthropic/opus' },
    '',
    [
      '# Recently used',
      '$(check) OPUS | current · 200k context | anthropic/opus',
      'HAIKU | 200k context | anthropic/haiku',
    ],
  ],
  [
    'those that cannot be used at the end of their provider, with the reason and what helps',
    {
      models: [
        unusable('anthropic/locked', 'model_not_enabled'),
        OPUS,
        unusable('openai/gpt', 'login_required'),
      ],
      recent: ['openai/gpt'],
    },
    '',
    [
      '# Anthropic',
      'OPUS | 200k context | anthropic/opus',
      '$(circle-slash) LOCKED | terms not accepted · 200k context | Read its terms and enable it · anthropic/locked',
      '# OpenAI',
      '$(circle-slash) GPT | not signed in · 200k context | Sign in to use it · openai/gpt',
    ],
  ],
  [
    'providers of which something can be used before the others',
    { models: [unusable('anthropic/opus', 'login_required'), GPT] },
    '',
    [
      '# OpenAI',
      'GPT | 200k context | openai/gpt',
      '# Anthropic',
      '$(circle-slash) OPUS | not signed in · 200k context | Sign in to use it · anthropic/opus',
    ],
  ],
  [
    'a current one that cannot be used with its provider, named as current',
    { models: [unusable('openai/gpt', 'login_expired')], current: 'openai/gpt' },
    '',
    [
      '# OpenAI',
      '$(circle-slash) GPT | current · sign-in expired · 200k context | Sign in again to use it · openai/gpt',
    ],
  ],
  [
    'a chosen one that no list has, without a remark before the server has answered',
    { recent: ['openai/next'], current: 'openai/next', answered: false },
    '',
    ['# Recently used', '$(check) openai/next | current | openai/next'],
  ],
  [
    'a chosen one that no list has, with a remark afterwards',
    { recent: ['openai/next'], current: 'openai/next' },
    '',
    ['# Recently used', '$(check) openai/next | current · not in the list of OpenAI | openai/next'],
  ],
  [
    'a model as it is typed',
    { models: [OPUS] },
    ' openai/next ',
    [
      '# Anthropic',
      'OPUS | 200k context | anthropic/opus',
      'Use “openai/next” as given | Sent as it is; the provider says whether it has such a model',
    ],
  ],
  [
    'no model of a provider that nobody knows',
    { models: [OPUS] },
    'src/main',
    ['# Anthropic', 'OPUS | 200k context | anthropic/opus'],
  ],
  [
    'a model as it is typed, while no provider is known yet',
    { names: {} },
    'any/model',
    ['Use “any/model” as given | Sent as it is; the provider says whether it has such a model'],
  ],
  [
    'no second line for a typed one that is listed',
    { models: [OPUS] },
    'anthropic/opus',
    ['# Anthropic', 'OPUS | 200k context | anthropic/opus'],
  ],
  [
    'a provider whose name is not known by its id',
    { models: [aModel('local/llama')] },
    '',
    ['# local', 'LLAMA | 200k context | local/llama'],
  ],
];

describe('the model picker shows', () => {
  for (const [what, own, typed, lines] of ROWS)
    it(what, () => assert.deepEqual(read(rowsOf(known(own), typed)), lines));

  it('every model once', () => {
    const models = [OPUS, HAIKU, GPT, unusable('openai/old', 'model_disabled')];
    const rows = rowsOf(known({ models, recent: [OPUS.id, 'openai/old'], current: GPT.id }), '');
    const ids = rows.flatMap((row) => (row.type === 'model' ? [row.id] : []));
    assert.deepEqual(ids.toSorted(), models.map(({ id }) => id).toSorted());
  });

  it('why there is no list, with what helps', () =>
    assert.deepEqual(
      problemRow('The server does not run', { command: 'pi.server.restart', label: 'Start it again' }),
      {
        type: 'problem',
        command: 'pi.server.restart',
        label: '$(error) The server does not run',
        detail: 'Start it again',
      },
    ));
});
