// What somebody wants of the sign-in: anybody may call the command with anything.
// In: the argument of a command. Out: perhaps a provider, perhaps a way to sign in. Pure.

export interface Wish {
  readonly provider?: string;
  readonly method?: string;
}

/** A provider's id, a wish, a row of the view, or whatever else VS Code hands to a command. */
export function wishOf(wanted: unknown): Wish {
  if (typeof wanted === 'string') return { provider: wanted };
  if (typeof wanted !== 'object' || wanted === null) return {};
  const { id, provider, method } = wanted as Record<string, unknown>;
  const named = typeof provider === 'string' ? provider : id;
  return {
    ...(typeof named === 'string' ? { provider: named } : {}),
    ...(typeof method === 'string' ? { method } : {}),
  };
}
