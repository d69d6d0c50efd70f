// How a sign-in ended, and what may be done about it.
// In: an ended attempt, or a failure with `code` and `action`. Out: a sentence and an offer, or silence. Pure.
// Never here: a decision by prose; how it is shown.
import type { ErrorData, LoginAttempt, LoginError, LogoutResult, Provider } from '../protocol.ts';
import { isSaid, sentenceOf } from '../server/failures.ts';
import { PiError } from '../server/pi.ts';
import { redact } from '../server/redaction.ts';
import { variableOf } from './describe.ts';

export type OfferKind = 'login' | 'apiKey' | 'retry' | 'chooseModel';

export interface Offer {
  readonly kind: OfferKind;
  readonly label: string;
}

export interface Ending {
  readonly severity: 'information' | 'warning' | 'error';
  readonly text: string;
  readonly offer: Offer | null;
}

type Failure = Pick<ErrorData, 'code' | 'message'> & { action?: string; providerMessage?: string };

const OFFERS: Record<string, Offer> = {
  login: { kind: 'login', label: 'Sign In' },
  use_api_key: { kind: 'apiKey', label: 'Use API Key' },
  retry: { kind: 'retry', label: 'Try Again' },
  choose_model: { kind: 'chooseModel', label: 'Choose Model' },
};
const START_AGAIN: Offer = { kind: 'retry', label: 'Start Again' };
const STOPPED = 'The pi server stopped before this was finished';
const SIGN_IN_STOPPED: Ending = {
  severity: 'error',
  text: 'The sign-in ended because the pi server stopped',
  offer: { kind: 'retry', label: 'Sign In Again' },
};
/** The attempt is what was wrong, so that another one is what helps. */
const WANTS_ANOTHER = new Set(['login_denied', 'attempt_expired', 'attempt_ended', 'unknown_attempt']);
/** A code may be pasted once more after these; so after whatever is `retryable`. */
const ASKED_AGAIN = new Set(['invalid_code', 'state_mismatch']);
/** How a sign-in fails to begin when the domain is wrong. */
const ABOUT_THE_DOMAIN = new Set(['invalid_params', 'unsupported', 'provider_error', 'provider_unreachable']);

/** For a box that is about this very parameter: `enterpriseDomain: not …` becomes `Not …`. */
export function sentenceInPlace(failure: Failure): string {
  const said = sentenceOf(failure)
    .replace(/^(enterpriseDomain|apiKey): /, '')
    .replace(/^apiKey /, 'This ');
  return `${said.slice(0, 1).toUpperCase()}${said.slice(1)}`;
}

export function offerFor(failure: Pick<Failure, 'code' | 'action'>): Offer | null {
  if (WANTS_ANOTHER.has(failure.code)) return START_AGAIN;
  return OFFERS[failure.action ?? ''] ?? null;
}

/** What to say of a request that failed; null where the person wanted that, or where it is said already. */
export function failureEnding(error: unknown): Ending | null {
  if (isSaid(error)) return null;
  return endingOf(error instanceof PiError ? error.data : { code: 'internal', message: String(error) });
}

/** What to say of an attempt that ended without a sign-in; null where the person wanted that. */
export function attemptEnding(attempt: LoginAttempt, providerName: string): Ending | null {
  const said = (otherwise: string) => (attempt.error ? sentenceOf(attempt.error) : otherwise);
  switch (attempt.state) {
    case 'cancelled':
      return attempt.error ? { severity: 'warning', text: said(''), offer: START_AGAIN } : null;
    case 'superseded':
      return {
        severity: 'information',
        text: said(`Another sign-in to ${providerName} was started`),
        offer: null,
      };
    case 'expired':
      return {
        severity: 'warning',
        text: said(`The sign-in to ${providerName} was not finished in time`),
        offer: START_AGAIN,
      };
    default:
      return attempt.error
        ? endingOf(attempt.error)
        : { severity: 'error', text: `The sign-in to ${providerName} has failed`, offer: START_AGAIN };
  }
}

/** What to say of a sign-in that failed before it ended: an attempt goes with the server that held it. */
export function signInFailure(error: unknown): Ending | null {
  const isStopped = error instanceof PiError && error.code === 'server_stopped';
  return isStopped ? SIGN_IN_STOPPED : failureEnding(error);
}

function endingOf(failure: Failure): Ending | null {
  if (failure.code === 'cancelled') return null;
  if (failure.code === 'server_stopped') return { severity: 'error', text: STOPPED, offer: START_AGAIN };
  return { severity: 'error', text: sentenceOf(failure), offer: offerFor(failure) };
}

/** Who is signed in now, which credential is used, and what in the environment stands behind it. */
export function signedInText(provider: Provider, account: string | null | undefined): string {
  const { source, fallback } = provider.status;
  const first = `Signed in to ${provider.name}${account ? ` as ${account}` : ''}`;
  const used = variableOf(source);
  if (used) return `${first}. Requests use ${used} from the environment first, as server.json says.`;
  const notes = [
    source === 'apiKey' ? 'Requests are billed to this API key.' : '',
    fallback ? `${variableOf(fallback) ?? fallback} from the environment is used once you sign out.` : '',
  ].filter(Boolean);
  return [notes.length > 0 ? `${first}.` : first, ...notes].join(' ');
}

/** What a sign-out did, and what it did not. */
export function signedOutText(provider: Provider, result: LogoutResult): string {
  const rest = variableOf(result.stillAvailableFrom);
  const done = result.removed
    ? `Signed out of ${provider.name}; nothing is revoked at the provider`
    : `Nothing was stored for ${provider.name}`;
  return rest ? `${done}. ${rest} from the environment still authenticates.` : done;
}

/** Why there is nothing to sign out of. */
export function nothingStoredText(providers: readonly Provider[]): string {
  const [only] = providers;
  const nothing =
    only && providers.length === 1
      ? `Nothing is stored for ${only.name}.`
      : 'Nobody is signed in; nothing is stored.';
  const used = providers.flatMap(({ name, status }) => {
    const variable = variableOf(status.source);
    return variable ? [`${name} uses ${variable} from the environment.`] : [];
  });
  return [nothing, ...used].join(' ');
}

/** For an id that no provider has: it may be a key that was pasted there, and then nobody repeats it. */
export function unknownProviderText(id: string, providers: readonly Provider[]): string {
  const isName = /^[a-z0-9-]{1,40}$/.test(id) && redact(id) === id;
  const names = providers.map((provider) => provider.id).join(', ');
  return `No provider is called ${isName ? id : 'that'}; there are: ${names}`;
}

/** Whether the box stays open for another code. */
export function asksAgain(failure: Pick<ErrorData, 'code' | 'retryable'>): boolean {
  return failure.retryable || ASKED_AGAIN.has(failure.code);
}

/** Whether another domain may help; without one, nothing about it can be wrong. */
export function isAboutDomain(failure: Pick<LoginError, 'code'>, domain: string): boolean {
  return domain !== '' && ABOUT_THE_DOMAIN.has(failure.code);
}
