import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  asksAgain,
  attemptEnding,
  failureEnding,
  isAboutDomain,
  nothingStoredText,
  offerFor,
  sentenceInPlace,
  signedInText,
  signedOutText,
  signInFailure,
  unknownProviderText,
} from '../../../src/auth/endings.ts';
import type { LoginAttempt } from '../../../src/protocol.ts';
import { PiError } from '../../../src/server/pi.ts';
import { provider, status } from './providers.ts';

function attempt(given: Partial<LoginAttempt>): LoginAttempt {
  return { loginId: 'login-1', provider: 'anthropic', state: 'failed', expiresAt: 0, step: null, ...given };
}

const startAgain = { kind: 'retry', label: 'Start Again' };

test('what may be offered goes by code and action', () => {
  const rows: [string, string | undefined, string | null][] = [
    ['login_required', 'login', 'Sign In'],
    ['credential_not_permitted', 'use_api_key', 'Use API Key'],
    ['provider_unreachable', 'retry', 'Try Again'],
    ['model_not_found', 'choose_model', 'Choose Model'],
    ['attempt_expired', 'login', 'Start Again'],
    ['attempt_ended', 'login', 'Start Again'],
    ['login_denied', 'login', 'Start Again'],
    ['provider_error', undefined, null],
    ['provider_error', 'an action of a later version', null],
  ];
  assert.deepEqual(
    rows.map(([code, action]) => offerFor({ code, ...(action ? { action } : {}) })?.label ?? null),
    rows.map(([, , offer]) => offer),
  );
});

test('an attempt that ended without a sign-in', () => {
  const rows: [Partial<LoginAttempt>, ReturnType<typeof attemptEnding>][] = [
    [{ state: 'cancelled' }, null],
    [
      { state: 'cancelled', error: { code: 'shutting_down', message: 'The server is stopping' } },
      { severity: 'warning', text: 'The server is stopping', offer: startAgain as never },
    ],
    [
      { state: 'superseded' },
      { severity: 'information', text: 'Another sign-in to Anthropic was started', offer: null },
    ],
    [
      { state: 'expired' },
      {
        severity: 'warning',
        text: 'The sign-in to Anthropic was not finished in time',
        offer: startAgain as never,
      },
    ],
    [
      { error: { code: 'login_denied', message: 'The sign-in was declined', action: 'login' } },
      { severity: 'error', text: 'The sign-in was declined', offer: startAgain as never },
    ],
    [{}, { severity: 'error', text: 'The sign-in to Anthropic has failed', offer: startAgain as never }],
  ];
  assert.deepEqual(
    rows.map(([given]) => attemptEnding(attempt(given), 'Anthropic')),
    rows.map(([, ending]) => ending),
  );
});

test('a failure is said once, and not where somebody else says it', () => {
  const failed = (code: string) =>
    new PiError({ code, message: 'No provider is called x', retryable: false });
  for (const code of ['cancelled', 'server_missing', 'server_failed', 'server_unfit']) {
    assert.equal(failureEnding(failed(code)), null, code);
  }
  const said = (text: string, offer: unknown = null) => ({ severity: 'error', text, offer });
  assert.deepEqual(
    [failed('server_stopped'), failed('unknown_provider'), new Error('odd')].map(failureEnding),
    [
      said('The pi server stopped before this was finished', startAgain),
      said('No provider is called x'),
      said('Error: odd'),
    ],
  );
});

test('a sign-in ends with the server, and says so', () => {
  const failed = (code: string) => new PiError({ code, message: 'Nobody answered', retryable: false });
  const again = { kind: 'retry', label: 'Sign In Again' };
  assert.deepEqual(
    [failed('server_stopped'), failed('provider_unreachable'), failed('cancelled')].map(signInFailure),
    [
      { severity: 'error', text: 'The sign-in ended because the pi server stopped', offer: again },
      { severity: 'error', text: 'Nobody answered', offer: null },
      null,
    ],
  );
});

test('an id that no provider has is named, unless it may be a key', () => {
  const providers = [provider({}), provider({ id: 'openai' })];
  const rows = [
    ['antropic', 'No provider is called antropic; there are: anthropic, openai'],
    ['sk-ant-api03-fake-key', 'No provider is called that; there are: anthropic, openai'],
    ['xai-fake0canary00001111', 'No provider is called that; there are: anthropic, openai'],
    ['a'.repeat(41), 'No provider is called that; there are: anthropic, openai'],
    ['[x](command:y)', 'No provider is called that; there are: anthropic, openai'],
  ];
  assert.deepEqual(
    rows.map(([id = '']) => unknownProviderText(id, providers)),
    rows.map(([, said]) => said),
  );
});

test('in a box the parameter need not be named', () => {
  const rows = [
    ['enterpriseDomain: not the name of a host; leave it blank', 'Not the name of a host; leave it blank'],
    ['apiKey is empty', 'This is empty'],
    ['apiKey holds an address, not an API key', 'This holds an address, not an API key'],
    ['Nobody answers at company.ghe.com', 'Nobody answers at company.ghe.com'],
  ];
  assert.deepEqual(
    rows.map(([message = '']) => sentenceInPlace({ code: 'invalid_params', message })),
    rows.map(([, said]) => said),
  );
});

test('after which failures the box stays', () => {
  assert.deepEqual(
    [
      { code: 'invalid_code', retryable: false },
      { code: 'state_mismatch', retryable: false },
      { code: 'provider_unreachable', retryable: true },
      { code: 'login_denied', retryable: false },
      { code: 'attempt_expired', retryable: false },
    ].map(asksAgain),
    [true, true, true, false, false],
  );
  const about = (code: string, domain: string) => isAboutDomain({ code }, domain);
  assert.deepEqual(
    [
      about('invalid_params', 'x'),
      about('provider_unreachable', 'company.ghe.com'),
      about('provider_unreachable', ''),
      about('rate_limited', 'company.ghe.com'),
    ],
    [true, true, false, false],
  );
});

test('who is signed in, what is used, and what stands behind it', () => {
  const said = (given: Parameters<typeof status>[0], account?: string) =>
    signedInText(provider({ status: status({ state: 'ready', ...given }) }), account);
  assert.deepEqual(
    [
      said({ source: 'oauth' }, 'ada@example.test'),
      said({ source: 'oauth', fallback: 'env:ANTHROPIC_API_KEY' }, 'ada@example.test'),
      said({ source: 'apiKey' }),
      said({ source: 'env:ANTHROPIC_API_KEY' }),
    ],
    [
      'Signed in to Anthropic as ada@example.test',
      'Signed in to Anthropic as ada@example.test. ANTHROPIC_API_KEY from the environment is used once you sign out.',
      'Signed in to Anthropic. Requests are billed to this API key.',
      'Signed in to Anthropic. Requests use ANTHROPIC_API_KEY from the environment first, as server.json says.',
    ],
  );
});

test('what a sign-out did, and what it did not', () => {
  const said = (removed: boolean, stillAvailableFrom: string | null) =>
    signedOutText(provider({}), { removed, stillAvailableFrom });
  assert.deepEqual(
    [said(true, null), said(true, 'env:ANTHROPIC_API_KEY'), said(false, null)],
    [
      'Signed out of Anthropic; nothing is revoked at the provider',
      'Signed out of Anthropic; nothing is revoked at the provider. ANTHROPIC_API_KEY from the environment still authenticates.',
      'Nothing was stored for Anthropic',
    ],
  );
});

test('why there is nothing to sign out of', () => {
  const used = provider({ status: status({ state: 'ready', source: 'env:ANTHROPIC_API_KEY' }) });
  assert.deepEqual(
    [nothingStoredText([used, provider({ id: 'openai', name: 'OpenAI' })]), nothingStoredText([used])],
    [
      'Nobody is signed in; nothing is stored. Anthropic uses ANTHROPIC_API_KEY from the environment.',
      'Nothing is stored for Anthropic. Anthropic uses ANTHROPIC_API_KEY from the environment.',
    ],
  );
});
