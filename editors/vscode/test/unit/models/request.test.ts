import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RequestMessage, RequestOptions } from '../../../src/models/languageModelApi.ts';
import { chatParams, told } from '../../../src/models/request.ts';
import type { ChatParams } from '../../../src/protocol.ts';

const NOW = 1000;
const PNG = new Uint8Array([1, 2, 3]);
const USUAL = { model: 'a/b', turnId: 't', ephemeral: true, tools: false, images: [], messages: [] };

const user = (...content: unknown[]): RequestMessage => ({ role: 1, content });
const assistant = (...content: unknown[]): RequestMessage => ({ role: 2, content });
const system = (...content: unknown[]): RequestMessage => ({ role: 3, content });
const text = (value: string) => ({ value });
const call = { callId: 'c1', name: 'weather', input: { city: 'Oslo' } };
const result = (...content: unknown[]) => ({ callId: 'c1', content });

function params(messages: RequestMessage[], options: RequestOptions = {}): ChatParams {
  return chatParams({ model: 'a/b', turn: 't' }, messages, options, NOW);
}

describe('a request of another extension', () => {
  const rows: [string, RequestMessage[], Partial<ChatParams>][] = [
    ['is a prompt', [user(text('Hello'))], { prompt: 'Hello' }],
    ['may be told in plain strings', [user('Hello')], { prompt: 'Hello' }],
    ['joins its parts', [user(text('Hello'), text('you'))], { prompt: 'Hello\nyou' }],
    [
      'goes after what was said',
      [user(text('One')), assistant(text('Two')), user(text('Three'))],
      {
        prompt: 'Three',
        messages: [
          { id: '0', role: 'user', content: [{ type: 'text', text: 'One' }], createdAt: NOW },
          { id: '1', role: 'assistant', content: [{ type: 'text', text: 'Two' }], createdAt: NOW },
        ],
      },
    ],
    [
      'has pictures',
      [user(text('Look'), { mimeType: 'image/png', data: PNG })],
      { prompt: 'Look', images: [{ mimeType: 'image/png', data: 'AQID' }] },
    ],
    [
      'has instructions',
      [system(text('Be brief')), user(text('Hello'))],
      { prompt: 'Hello', system: 'Be brief' },
    ],
    [
      'hands in what tools said',
      [user(text('Weather?')), assistant(text('Let me see'), call), user(result(text('rain')))],
      {
        prompt: '',
        messages: [
          { id: '0', role: 'user', content: [{ type: 'text', text: 'Weather?' }], createdAt: NOW },
          {
            id: '1',
            role: 'assistant',
            content: [
              { type: 'text', text: 'Let me see' },
              { type: 'toolCall', id: 'c1', name: 'weather', input: { city: 'Oslo' } },
            ],
            createdAt: NOW,
          },
          {
            id: '2',
            role: 'tool',
            content: [
              {
                type: 'toolResult',
                toolCallId: 'c1',
                isError: false,
                content: [{ type: 'text', text: 'rain' }],
              },
            ],
            createdAt: NOW,
          },
        ],
      },
    ],
    [
      'says something with what tools said',
      [user(result({ value: { degrees: 7 } }), text('Well?'))],
      {
        prompt: 'Well?',
        messages: [
          {
            id: '0',
            role: 'tool',
            content: [
              {
                type: 'toolResult',
                toolCallId: 'c1',
                isError: false,
                content: [{ type: 'text', text: '{"degrees":7}' }],
              },
            ],
            createdAt: NOW,
          },
        ],
      },
    ],
    [
      'goes on where the model stopped',
      [assistant(text('Once'))],
      {
        prompt: 'Continue',
        messages: [{ id: '0', role: 'assistant', content: [{ type: 'text', text: 'Once' }], createdAt: NOW }],
      },
    ],
    [
      'loses what nobody knows',
      [user(text('Hello'), { mimeType: 'cache_control', data: PNG }, { odd: true }, null, 3)],
      { prompt: 'Hello' },
    ],
    [
      'reads data that is text',
      [user({ mimeType: 'application/json', data: new TextEncoder().encode('{"a":1}') })],
      { prompt: '{"a":1}' },
    ],
  ];
  for (const [what, messages, own] of rows)
    it(what, () => assert.deepEqual(params(messages), { ...USUAL, prompt: '', ...own }));

  const weather = { name: 'weather', description: 'The weather', inputSchema: { properties: { city: {} } } };
  const clientTools = [{ ...weather, inputSchema: { type: 'object', properties: { city: {} } } }];
  const options: [string, RequestOptions, Partial<ChatParams>][] = [
    ['offers its tools', { tools: [weather], toolMode: 1 }, { clientTools }],
    [
      'may demand that one is called',
      { tools: [weather], toolMode: 2 },
      { clientTools, toolChoice: 'required' },
    ],
    ['demands no tool where there is none', { tools: [], toolMode: 2 }, {}],
    [
      'offers a tool that takes nothing',
      { tools: [{ name: 'now', description: 'The time' }] },
      { clientTools: [{ name: 'now', description: 'The time', inputSchema: { type: 'object' } }] },
    ],
    ['limits the answer', { modelOptions: { max_tokens: 100 } }, { maxOutputTokens: 100 }],
    ['cannot set what is not ours', { modelOptions: { max_tokens: 'many', temperature: 2 } }, {}],
  ];
  for (const [what, given, own] of options)
    it(what, () => assert.deepEqual(params([user(text('Hi'))], given), { ...USUAL, prompt: 'Hi', ...own }));
});

describe('what a message says, for counting,', () => {
  it('is its text, its pictures, its calls and what tools said', () => {
    const picture = { mimeType: 'image/png', data: PNG };
    assert.deepEqual(told(user(text('Hello'), picture, call, result(text('rain'), picture))), {
      text: 'Hello\nrain\nweather\n{"city":"Oslo"}',
      images: 2,
    });
  });
});
