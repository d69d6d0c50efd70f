// Providers as the server tells them, for tests that care about one member.
import type { Provider, ProviderStatus } from '../../../src/protocol.ts';

export const NOW = 1_700_000_000_000;

export function status(given: Partial<ProviderStatus>): ProviderStatus {
  return {
    state: 'loggedOut',
    source: null,
    account: null,
    expiresAt: null,
    fallback: null,
    problem: null,
    ...given,
  };
}

export function provider(given: Partial<Provider>): Provider {
  return { id: 'anthropic', name: 'Anthropic', loginMethods: [], status: status({}), ...given };
}
