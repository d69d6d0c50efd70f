import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  failureOf,
  isAnswer,
  isSaid,
  sentenceOf,
  serverFailure,
  stopped,
} from '../../../src/server/failures.ts';
import { PiError } from '../../../src/server/pi.ts';

const STOPPED = 'The pi server stopped; what had come was kept';

test('whatever a request rejects with becomes an error with a code', () => {
  const told = {
    code: 'login_required',
    message: 'Sign in first',
    retryable: false,
    action: 'login',
    provider: 'anthropic',
  };
  const rows: [error: unknown, data: object][] = [
    [{ code: -32803, message: 'Sign in first', data: told }, told],
    [
      {
        code: -32803,
        message: 'x',
        data: { code: 'odd', message: 'Odd', retryable: 'yes', action: 'dance' },
      },
      { code: 'odd', message: 'Odd', retryable: false },
    ],
    [
      { code: -32803, message: 'No data' },
      { code: 'internal', message: 'No data', retryable: false },
    ],
    [
      { code: -32803, message: 'Odd data', data: 7 },
      { code: 'internal', message: 'Odd data', retryable: false },
    ],
    [
      { code: -32800, message: 'x' },
      { code: 'cancelled', message: 'Cancelled', retryable: false },
    ],
    [
      { code: -32097, message: 'Pending response rejected' },
      { code: 'server_stopped', message: STOPPED, retryable: true, action: 'retry' },
    ],
    [
      { code: -32096, message: 'Client is not running' },
      { code: 'server_stopped', message: STOPPED, retryable: true, action: 'retry' },
    ],
    [
      { code: 2, message: 'Connection is disposed.' },
      { code: 'server_stopped', message: STOPPED, retryable: true, action: 'retry' },
    ],
    [
      { code: -32601, message: 'Unhandled method pi/x' },
      {
        code: 'unknown_method',
        message: 'This pi server cannot do that yet; update pi-server',
        retryable: false,
      },
    ],
    [
      { code: -32602, message: 'prompt: is empty' },
      { code: 'invalid_params', message: 'prompt: is empty', retryable: false },
    ],
    [new Error('odd'), { code: 'internal', message: 'odd', retryable: false }],
    ['odd', { code: 'internal', message: 'odd', retryable: false }],
    [undefined, { code: 'internal', message: 'The pi server failed', retryable: false }],
    [null, { code: 'internal', message: 'The pi server failed', retryable: false }],
  ];
  assert.deepEqual(
    rows.map(([error]) => failureOf(error).data),
    rows.map(([, data]) => data),
  );
});

test('an error of ours stays as it is', () => {
  const error = stopped();
  assert.equal(failureOf(error), error);
});

test('the sentence, with the provider’s own where there is one', () => {
  const error = new PiError({
    code: 'x',
    message: 'It failed',
    retryable: false,
    providerMessage: 'Too busy',
  });
  assert.equal(sentenceOf(error), 'It failed (Too busy)');
  assert.equal(sentenceOf(error.data), 'It failed (Too busy)');
  assert.equal(sentenceOf(stopped()), STOPPED);
  assert.equal(sentenceOf(new Error('odd')), 'odd');
});

test('what the window says by itself', () => {
  for (const code of ['server_missing', 'server_failed', 'server_unfit'] as const) {
    assert.equal(isSaid(serverFailure(code, 'x')), true);
  }
  for (const error of [stopped(), new Error('server_missing'), { code: 'server_missing' }, undefined]) {
    assert.equal(isSaid(error), false);
  }
});

test('what the server said, and what is a broken connection', () => {
  const rows: [error: unknown, said: boolean][] = [
    [{ code: -32803, message: 'x' }, true],
    [{ code: -32600, message: 'x' }, true],
    [{ code: -32097, message: 'Pending response rejected' }, false],
    [{ code: -32099, message: 'write EPIPE' }, false],
    [{ code: 2, message: 'Connection is disposed.' }, false],
    [Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }), false],
    [new Error('odd'), false],
  ];
  assert.deepEqual(
    rows.map(([error]) => isAnswer(error)),
    rows.map(([, said]) => said),
  );
});
