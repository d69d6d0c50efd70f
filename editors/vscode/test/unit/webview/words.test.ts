import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cost, tokens, usageText } from '../../../src/chat/numbers.ts';
import { newTurn } from '../../../src/chat/transcript.ts';
import type { Failure } from '../../../src/protocol.ts';
import { EMPTY } from '../../../src/webview/state.ts';
import * as words from '../../../src/webview/words.ts';

const USAGE = {
  inputTokens: 412,
  outputTokens: 96,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};
const FAILURE: Failure = { code: 'overloaded', message: 'Anthropic is overloaded', retryable: true };

test('tokens are counted as people do', () => {
  const rows: readonly (readonly [number, string])[] = [
    [0, '0'],
    [950, '950'],
    [1830, '1.83k'],
    [6818, '6.818k'],
    [20_900, '21k'],
    [182_000, '182k'],
    [1_048_576, '1.05M'],
  ];
  for (const [count, text] of rows) assert.equal(tokens(count), text);
});

test('small costs keep their digits', () => {
  assert.deepEqual([0, 0.0022, 0.0121, 1.5].map(cost), ['$0.00', '$0.0022', '$0.01', '$1.50']);
});

test('what was used, with what was read from a cache, and the cost where it is known', () => {
  assert.equal(usageText({ ...USAGE, costUsd: 0.0022 }), '412 in, 96 out · $0.0022');
  assert.equal(usageText({ ...USAGE, cacheReadTokens: 4096, costUsd: null }), '4.508k in, 96 out');
  assert.equal(usageText({ ...USAGE, inputTokens: 0, outputTokens: 0, costUsd: null }), '');
});

test('who paid is said where it is no sign-in', () => {
  const turn = { ...newTurn('t', 'p'), status: 'ended' as const, usage: { ...USAGE, costUsd: null } };
  const line = (credentialSource: string) => words.usageLine({ ...turn, credentialSource });
  assert.equal(line('oauth'), '412 in, 96 out');
  assert.equal(line('apiKey'), '412 in, 96 out · API key');
  assert.equal(line('env:ANTHROPIC_API_KEY'), '412 in, 96 out · ANTHROPIC_API_KEY from the environment');
});

test('an attempt counts down, and says nothing of a time that has passed', () => {
  const retry = { type: 'retry', attempt: 2, maxAttempts: 3, delayMs: 2000, error: FAILURE } as const;
  assert.equal(words.retryText(retry, 2000), 'Attempt 2 of 3 in 2 s: Anthropic is overloaded');
  assert.equal(words.retryText(retry, 400), 'Attempt 2 of 3 in 1 s: Anthropic is overloaded');
  assert.equal(words.retryText(retry, 0), 'Attempt 2 of 3: Anthropic is overloaded');
});

test('an end that is not the ordinary one is told', () => {
  const ended = (
    stopReason: 'endTurn' | 'cancelled' | 'maxTokens' | 'refusal' | 'error',
    error?: Failure,
    text = 'Yes',
  ) =>
    words.endingText({
      ...newTurn('t', 'p'),
      items: [{ type: 'text', text }],
      status: 'ended',
      stopReason,
      ...(error && { error }),
    });
  assert.equal(ended('endTurn'), '');
  assert.equal(ended('endTurn', undefined, ' \n'), 'The model gave no answer');
  assert.equal(ended('cancelled'), 'Stopped; what had come was kept');
  assert.equal(ended('maxTokens'), 'The answer reached the longest that this model gives');
  assert.equal(ended('refusal'), 'The model declined to go on');
  assert.equal(ended('error'), 'This answer failed');
  assert.equal(ended('error', FAILURE), '');
  assert.equal(words.endingText(newTurn('t', 'p')), '');
});

test('lines are counted without the empty ones at the end', () => {
  assert.equal(words.lineCount('a\nb\n\n'), 2);
  assert.equal(words.lineCount('\n'), 0);
  assert.equal(words.counted('Thinking', 2), 'Thinking · 2 lines');
  assert.equal(words.counted('Output', 1), 'Output · 1 line');
  assert.equal(words.counted('Thinking', 0), 'Thinking');
});

test('who answers is called by the name that is known', () => {
  const names = { 'anthropic/a-1': 'A 1' };
  const answerer = (model: string | undefined, known: Readonly<Record<string, string>> = {}) =>
    words.answererOf({ ...newTurn('t', 'p'), ...(model && { model }) }, known);
  assert.equal(answerer('anthropic/a-1', names), 'A 1');
  assert.equal(answerer('anthropic/gone', names), 'anthropic/gone');
  assert.equal(answerer('anthropic/a-1'), 'anthropic/a-1');
  assert.equal(answerer('constructor', names), 'constructor');
  assert.equal(answerer(undefined, names), 'Answer');
});

test('lines are counted in no more time than there is text', () => {
  const began = performance.now();
  words.lineCount(`${' '.repeat(200_000)}x`);
  assert.ok(performance.now() - began < 200);
});

test('a failure offers what its action says, and nothing for one that is not known', () => {
  const offered = (action?: string, more: Partial<Failure> = {}) =>
    words.offerOf({ ...FAILURE, ...(action && { action }), ...more }, 'anthropic/claude');
  const signIn = { type: 'signIn', provider: 'anthropic' };
  assert.deepEqual(offered('login'), { label: 'Sign in', does: signIn });
  assert.deepEqual(offered('use_api_key'), { label: 'Use API key', does: { ...signIn, method: 'apiKey' } });
  assert.deepEqual(offered('login', { provider: 'openai' })?.does, { type: 'signIn', provider: 'openai' });
  assert.deepEqual(words.offerOf({ ...FAILURE, action: 'login' })?.does, { type: 'signIn' });
  assert.deepEqual(offered('choose_model'), {
    label: 'Choose another model',
    does: { type: 'command', command: 'pi.chooseModel' },
  });
  assert.deepEqual(offered('retry'), { label: 'Try again', does: 'resend' });
  assert.equal(offered('dance'), undefined);
  assert.equal(offered(), undefined);
});

test('the server comes first among what stands in the way, and an empty chat offers the sign-in itself', () => {
  const banner = (
    server: 'running' | 'missing' | 'misconfigured' | 'failed',
    auth: 'ready' | 'signedOut' | 'expired',
    isEmpty = false,
  ) => words.bannerOf({ ...EMPTY.header, server, auth }, isEmpty)?.text;
  assert.equal(banner('running', 'ready'), undefined);
  assert.equal(banner('missing', 'signedOut'), 'The pi server is not installed where this window runs');
  assert.equal(banner('misconfigured', 'signedOut'), 'The settings keep the pi server from starting');
  assert.equal(banner('failed', 'ready'), 'The pi server does not run');
  assert.equal(banner('running', 'signedOut'), 'You are not signed in');
  assert.equal(banner('running', 'expired'), 'Your sign-in has expired');
  assert.equal(banner('running', 'expired', true), undefined);
  assert.equal(banner('missing', 'expired', true), 'The pi server is not installed where this window runs');
});
