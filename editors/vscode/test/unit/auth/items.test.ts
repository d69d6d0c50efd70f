import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accountActions,
  accountItems,
  accountNode,
  methodItems,
  providerItems,
  storedProviders,
} from '../../../src/auth/items.ts';
import { NOW, provider, status } from './providers.ts';

const HOUR = 3_600_000;
const signedOut = provider({ id: 'github-copilot', name: 'GitHub Copilot' });
const signedIn = provider({
  status: status({ state: 'ready', source: 'oauth', account: 'ada', expiresAt: NOW + HOUR }),
});
const fromEnvironment = provider({
  id: 'openai',
  name: 'OpenAI',
  status: status({ state: 'ready', source: 'env:OPENAI_API_KEY' }),
});
const broken = provider({
  id: 'old',
  name: 'Old',
  status: status({
    state: 'expired',
    source: 'oauth',
    fallback: 'env:OLD_KEY',
    problem: { code: 'login_expired', message: 'Sign in again' },
  }),
});
const methods = [
  { id: 'pasteCode', label: 'paste a code' },
  { id: 'browser', label: 'browser on this machine' },
  { id: 'apiKey', label: 'API key' },
];

test('providers with what is known of each', () => {
  assert.deepEqual(
    providerItems([signedOut, signedIn, fromEnvironment], NOW).map(({ label, description }) => [
      label,
      description,
    ]),
    [
      ['$(circle-large-outline) GitHub Copilot', 'not signed in'],
      ['$(pass-filled) Anthropic', 'signed in as ada, token good for 1 h'],
      ['$(pass-filled) OpenAI', 'OPENAI_API_KEY from the environment'],
    ],
  );
});

test('the way that is sure to work comes first', () => {
  const ids = (place: 'here' | 'elsewhere') => methodItems(methods, place).map(({ method }) => method.id);
  assert.deepEqual(ids('here'), ['browser', 'pasteCode', 'apiKey']);
  assert.deepEqual(ids('elsewhere'), ['pasteCode', 'browser', 'apiKey']);
  const detailed = (place: 'here' | 'elsewhere') =>
    methodItems(methods, place)
      .filter(({ detail }) => detail)
      .map(({ method }) => method.id);
  assert.deepEqual([detailed('here'), detailed('elsewhere')], [[], ['browser']]);
});

test('accounts first, then those that one could have', () => {
  assert.deepEqual(
    accountItems([signedOut, signedIn, fromEnvironment], NOW).map((item) => item.provider.id),
    ['anthropic', 'openai', 'github-copilot'],
  );
  assert.deepEqual(
    storedProviders([signedOut, signedIn, fromEnvironment, broken]).map(({ id }) => id),
    ['anthropic', 'old'],
  );
});

test('what may be done with an account', () => {
  const labels = [signedOut, signedIn, fromEnvironment, broken].map((one) =>
    accountActions(one).map(({ label }) => label),
  );
  assert.deepEqual(labels, [
    ['$(sign-in) Sign In…'],
    ['$(sign-in) Sign In Again…', '$(sign-out) Sign Out…'],
    ['$(sign-in) Sign In…'],
    ['$(sign-in) Sign In Again…', '$(sign-out) Sign Out…'],
  ]);
});

test('a row of the view', () => {
  const timeOf = (milliseconds: number) => `T+${(milliseconds - NOW) / HOUR}`;
  assert.deepEqual(
    [signedOut, signedIn, broken].map((one) => accountNode(one, timeOf)),
    [
      {
        label: 'GitHub Copilot',
        description: 'not signed in',
        contextValue: 'account',
        tooltip: 'GitHub Copilot: not signed in',
        icon: 'circle-large-outline',
        isSound: true,
      },
      {
        label: 'Anthropic',
        description: 'signed in as ada',
        contextValue: 'account.stored',
        tooltip: 'Anthropic: signed in as ada\nToken good until T+1',
        icon: 'pass-filled',
        isSound: true,
      },
      {
        label: 'Old',
        description: 'sign-in expired',
        contextValue: 'account.stored',
        tooltip:
          'Old: sign-in expired\nSign in again\nOLD_KEY from the environment is used once you sign out',
        icon: 'warning',
        isSound: false,
      },
    ],
  );
});
