// Sign-ins and times in words, the same as on the command line and in Neovim.
// In: a provider's status, Unix milliseconds. Out: short texts for a list, a tooltip, a notification.
// Never here: VS Code, a clock, what may be done about it.
import type { Provider, ProviderStatus } from '../protocol.ts';

const MINUTE = 60_000;
const UNITS = [
  { name: 'days', size: 24 * 60 * MINUTE, least: 2 },
  { name: 'h', size: 60 * MINUTE, least: 1 },
  { name: 'min', size: MINUTE, least: 1 },
];

/** Such as `signed in as a@b.c, token good for 3 h`, or `not signed in`. */
export function describe(status: ProviderStatus, now: number): string {
  const problem = status.problem?.message;
  if (status.state === 'loggedOut' || status.state === 'error') return problem ?? 'not signed in';
  if (status.state === 'expired') return problem ?? `sign-in expired${asAccount(status)}`;
  const expiry = status.expiresAt === null ? '' : `, ${expires(status.expiresAt, now)}`;
  return `${who(status)}${expiry}${problem ? `; ${problem}` : ''}`;
}

/** Who it is and how, without what changes by the minute. */
export function who(status: ProviderStatus): string {
  switch (status.state) {
    case 'loggedOut':
      return 'not signed in';
    case 'expired':
      return `sign-in expired${asAccount(status)}`;
    case 'error':
      return 'not usable';
    case 'ready':
      return status.source === null ? 'needs no sign-in' : `${sourceOf(status.source)}${asAccount(status)}`;
  }
}

/** An account's name, else where the credential comes from; null where nobody is signed in. */
export function label(status: ProviderStatus | undefined): string | null {
  if (status?.state !== 'ready' || status.source === null) return null;
  return status.account ?? variableOf(status.source) ?? (status.source === 'apiKey' ? 'API key' : null);
}

/** `NAME` of `env:NAME`. */
export function variableOf(source: string | null): string | null {
  return source?.startsWith('env:') ? source.slice('env:'.length) : null;
}

/** Whether there is something to sign out of. What is stored but broken has no source; signing out gets rid of it. */
export function isStored(provider: Provider): boolean {
  const { source, state } = provider.status;
  return source === 'oauth' || source === 'apiKey' || state === 'error';
}

/** The largest unit that fits: `45 s`, `12 min`, `7 h`, `3 days`. */
export function duration(milliseconds: number): string {
  const unit = UNITS.find(({ size, least }) => milliseconds >= least * size);
  return unit
    ? `${Math.floor(milliseconds / unit.size)} ${unit.name}`
    : `${Math.max(0, Math.floor(milliseconds / 1000))} s`;
}

/** What is left of an attempt. It changes seldom, because a screen reader speaks a notification at each change. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  if (seconds > 120) return `${Math.ceil(seconds / 60)} min left`;
  const tens = Math.ceil(seconds / 10) * 10;
  return `${Math.floor(tens / 60)}:${String(tens % 60).padStart(2, '0')} left`;
}

function asAccount(status: ProviderStatus): string {
  return status.account ? ` as ${status.account}` : '';
}

function sourceOf(source: string): string {
  if (source === 'oauth') return 'signed in';
  if (source === 'apiKey') return 'signed in with an API key';
  return `${variableOf(source) ?? source} from the environment`;
}

function expires(at: number, now: number): string {
  return at > now ? `token good for ${duration(at - now)}` : 'token to be renewed';
}
