import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countdown, describe, duration, isStored, label, who } from '../../../src/auth/describe.ts';
import { NOW, provider, status } from './providers.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const problem = { code: 'login_expired', message: 'The sign-in to Anthropic has ended' };

test('a status in words: what a list says of a provider', () => {
  const rows: [ReturnType<typeof status>, string][] = [
    [status({}), 'not signed in'],
    [status({ problem: { code: 'login_required', message: 'Its entry is broken' } }), 'Its entry is broken'],
    [status({ state: 'ready', source: 'oauth' }), 'signed in'],
    [
      status({ state: 'ready', source: 'oauth', account: 'ada@example.test', expiresAt: NOW + 3 * HOUR }),
      'signed in as ada@example.test, token good for 3 h',
    ],
    [status({ state: 'ready', source: 'oauth', expiresAt: NOW - 1 }), 'signed in, token to be renewed'],
    [status({ state: 'ready', source: 'apiKey' }), 'signed in with an API key'],
    [status({ state: 'ready', source: 'env:ANTHROPIC_API_KEY' }), 'ANTHROPIC_API_KEY from the environment'],
    [
      status({ state: 'ready', source: 'oauth', problem: { code: 'store_busy', message: 'not saved yet' } }),
      'signed in; not saved yet',
    ],
    [status({ state: 'ready' }), 'needs no sign-in'],
    [status({ state: 'expired', account: 'ada', problem }), 'The sign-in to Anthropic has ended'],
    [status({ state: 'expired', account: 'ada' }), 'sign-in expired as ada'],
    [status({ state: 'error', problem: { code: 'store_unreadable', message: 'No access' } }), 'No access'],
  ];
  assert.deepEqual(
    rows.map(([given]) => describe(given, NOW)),
    rows.map(([, said]) => said),
  );
});

test('who it is, without what changes by the minute', () => {
  const rows: [ReturnType<typeof status>, string][] = [
    [status({}), 'not signed in'],
    [status({ state: 'ready', source: 'oauth', account: 'ada', expiresAt: NOW + HOUR }), 'signed in as ada'],
    [status({ state: 'expired', account: 'ada', problem }), 'sign-in expired as ada'],
    [status({ state: 'error' }), 'not usable'],
  ];
  assert.deepEqual(
    rows.map(([given]) => who(given)),
    rows.map(([, said]) => said),
  );
});

test('the account of a provider that can be used, else where its credential comes from', () => {
  const rows: [ReturnType<typeof status> | undefined, string | null][] = [
    [undefined, null],
    [status({}), null],
    [status({ state: 'expired', source: 'oauth', account: 'ada' }), null],
    [status({ state: 'ready', source: 'oauth', account: 'ada' }), 'ada'],
    [status({ state: 'ready', source: 'oauth' }), null],
    [status({ state: 'ready', source: 'apiKey' }), 'API key'],
    [status({ state: 'ready', source: 'env:OPENAI_API_KEY' }), 'OPENAI_API_KEY'],
    [status({ state: 'ready' }), null],
  ];
  assert.deepEqual(
    rows.map(([given]) => label(given)),
    rows.map(([, said]) => said),
  );
});

test('what one can sign out of: what is stored, also when it is broken', () => {
  const stored = [
    status({ state: 'ready', source: 'oauth' }),
    status({ state: 'expired', source: 'oauth' }),
    status({ state: 'ready', source: 'apiKey' }),
    status({ state: 'error' }),
  ];
  const not = [status({}), status({ state: 'ready', source: 'env:X' }), status({ state: 'ready' })];
  assert.deepEqual(
    [...stored, ...not].map((one) => isStored(provider({ status: one }))),
    [true, true, true, true, false, false, false],
  );
});

test('durations by the largest unit that fits', () => {
  const rows: [number, string][] = [
    [-5, '0 s'],
    [45_900, '45 s'],
    [12 * MINUTE, '12 min'],
    [7 * HOUR + 1, '7 h'],
    [36 * HOUR, '36 h'],
    [72 * HOUR, '3 days'],
  ];
  assert.deepEqual(
    rows.map(([given]) => duration(given)),
    rows.map(([, said]) => said),
  );
});

test('a countdown by minutes, then by ten seconds: spoken at each change, and so not by the second', () => {
  const rows: [number, string][] = [
    [15 * MINUTE, '15 min left'],
    [14 * MINUTE + 1, '15 min left'],
    [2 * MINUTE + 1, '3 min left'],
    [2 * MINUTE, '2:00 left'],
    [95_000, '1:40 left'],
    [1, '0:10 left'],
    [0, '0:00 left'],
    [-1000, '0:00 left'],
  ];
  assert.deepEqual(
    rows.map(([given]) => countdown(given)),
    rows.map(([, said]) => said),
  );
});
