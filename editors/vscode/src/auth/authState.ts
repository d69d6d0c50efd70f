// One word for all providers together, which welcome views, the status bar and the walkthrough go by.
// In: the providers as last told, the server's phase, whether a sign-in is open. Out: a state. Pure.
import type { Provider } from '../protocol.ts';
import type { Phase } from '../server/pi.ts';

export type AuthState = 'unknown' | 'signedOut' | 'signingIn' | 'expired' | 'ready';
export type AuthContext = AuthState | 'serverMissing' | 'serverMisconfigured' | 'serverFailed';

const OF_PHASE: Partial<Record<Phase, AuthContext>> = {
  missing: 'serverMissing',
  misconfigured: 'serverMisconfigured',
  failed: 'serverFailed',
};

/** `ready` when a chat is possible with any provider; `expired` when a login is there and none of them works. */
export function authState(providers: readonly Provider[] | null, signingIn: boolean): AuthState {
  const has = (...states: Provider['status']['state'][]) =>
    providers?.some(({ status }) => states.includes(status.state)) ?? false;
  if (has('ready')) return 'ready';
  if (signingIn) return 'signingIn';
  if (has('expired', 'error')) return 'expired';
  return providers ? 'signedOut' : 'unknown';
}

/** The context key `pi.authState`: what is wrong with the server comes before who is signed in. */
export function authContext(state: AuthState, phase: Phase): AuthContext {
  return OF_PHASE[phase] ?? state;
}
