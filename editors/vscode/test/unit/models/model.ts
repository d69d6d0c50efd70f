// Models for tests, as a server tells them.
import type { Model } from '../../../src/protocol.ts';

/** `provider/name` with what is usual, and what the test wants otherwise. */
export function aModel(id: string, own: Partial<Model> = {}): Model {
  return {
    id,
    provider: id.slice(0, id.indexOf('/')),
    name: id.slice(id.indexOf('/') + 1).toUpperCase(),
    contextWindow: 200_000,
    maxOutputTokens: 64_000,
    input: ['text'],
    reasoning: false,
    reasoningLevels: [],
    tools: false,
    price: null,
    available: true,
    unavailableReason: null,
    api: 'anthropic-messages',
    ...own,
  };
}

export function unusable(id: string, code: string, message = 'a whole sentence'): Model {
  return aModel(id, { available: false, unavailableReason: { code, message } });
}
