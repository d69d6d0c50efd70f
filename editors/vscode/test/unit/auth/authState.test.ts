import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AuthState, authContext, authState } from '../../../src/auth/authState.ts';
import type { ProviderStatus } from '../../../src/protocol.ts';
import type { Phase } from '../../../src/server/pi.ts';
import { provider, status } from './providers.ts';

type State = ProviderStatus['state'];

test('one word for all providers: whether a chat is possible, and what stands in its way', () => {
  const rows: [State[] | null, boolean, AuthState][] = [
    [null, false, 'unknown'],
    [null, true, 'signingIn'],
    [[], false, 'signedOut'],
    [['loggedOut', 'loggedOut'], false, 'signedOut'],
    [['loggedOut'], true, 'signingIn'],
    [['expired', 'loggedOut'], false, 'expired'],
    [['expired'], true, 'signingIn'],
    [['error', 'loggedOut'], false, 'expired'],
    [['expired', 'ready'], false, 'ready'],
    [['loggedOut', 'ready'], true, 'ready'],
  ];
  assert.deepEqual(
    rows.map(([states, signingIn]) =>
      authState(states?.map((state) => provider({ status: status({ state }) })) ?? null, signingIn),
    ),
    rows.map(([, , state]) => state),
  );
});

test('a server that is not there comes before who is signed in', () => {
  const rows: [AuthState, Phase, string][] = [
    ['unknown', 'stopped', 'unknown'],
    ['ready', 'starting', 'ready'],
    ['signedOut', 'running', 'signedOut'],
    ['unknown', 'missing', 'serverMissing'],
    ['signedOut', 'misconfigured', 'serverMisconfigured'],
    ['ready', 'failed', 'serverFailed'],
  ];
  assert.deepEqual(
    rows.map(([state, phase]) => authContext(state, phase)),
    rows.map(([, , context]) => context),
  );
});
