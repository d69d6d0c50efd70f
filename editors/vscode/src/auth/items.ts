// What the lists of a sign-in hold: providers, ways to sign in, accounts and what may be done with one.
// In: the providers as last told, the time, where the window's browser is. Out: items for a QuickPick or a tree. Pure.
import type { QuickPickItem } from 'vscode';
import type { LoginMethod, Provider, ProviderStatus } from '../protocol.ts';
import { describe, isStored, who } from './describe.ts';

export interface ProviderItem extends QuickPickItem {
  readonly provider: Provider;
}

export interface MethodItem extends QuickPickItem {
  readonly method: LoginMethod;
}

export type AccountAction = 'signIn' | 'signOut';

export interface ActionItem extends QuickPickItem {
  readonly action: AccountAction;
}

/** Where the browser is: on the machine of the server, or perhaps elsewhere. */
export type BrowserPlace = 'here' | 'elsewhere';

const ICONS: Record<ProviderStatus['state'], string> = {
  ready: 'pass-filled',
  expired: 'warning',
  error: 'error',
  loggedOut: 'circle-large-outline',
};
/** A loopback page is only reached from the same machine; a pasted code always arrives. */
const FIRST: Record<BrowserPlace, string> = { here: 'browser', elsewhere: 'pasteCode' };

export function iconOf(status: ProviderStatus): string {
  return ICONS[status.state];
}

export function providerItems(providers: readonly Provider[], now: number): ProviderItem[] {
  return providers.map((provider) => ({
    label: `$(${iconOf(provider.status)}) ${provider.name}`,
    description: describe(provider.status, now),
    provider,
  }));
}

/** The way that is sure to work comes first. */
export function methodItems(methods: readonly LoginMethod[], place: BrowserPlace): MethodItem[] {
  const first = methods.filter(({ id }) => id === FIRST[place]);
  const rest = methods.filter(({ id }) => id !== FIRST[place]);
  return [...first, ...rest].map((method) => ({
    label: method.label,
    method,
    ...(method.id === 'browser' && place === 'elsewhere'
      ? {
          detail: 'For a browser on the machine of this window’s files',
        }
      : {}),
  }));
}

/** Those that one can be signed in to or out of come first. */
export function accountItems(providers: readonly Provider[], now: number): ProviderItem[] {
  const used = ({ status }: Provider) => status.state !== 'loggedOut';
  return providerItems([...providers.filter(used), ...providers.filter((one) => !used(one))], now);
}

export function storedProviders(providers: readonly Provider[]): Provider[] {
  return providers.filter(isStored);
}

export function accountActions(provider: Provider): ActionItem[] {
  if (!isStored(provider)) return [{ label: '$(sign-in) Sign In…', action: 'signIn' }];
  return [
    { label: '$(sign-in) Sign In Again…', action: 'signIn' },
    { label: '$(sign-out) Sign Out…', action: 'signOut' },
  ];
}

/** An account as the tree shows it. */
export interface AccountNode {
  readonly label: string;
  readonly description: string;
  /** Contains `stored` where there is something to sign out of */
  readonly contextValue: string;
  readonly tooltip: string;
  readonly icon: string;
  readonly isSound: boolean;
}

export function accountNode(provider: Provider, timeOf: (milliseconds: number) => string): AccountNode {
  const { status } = provider;
  const lines = [
    `${provider.name}: ${who(status)}`,
    status.expiresAt !== null && status.state === 'ready'
      ? `Token good until ${timeOf(status.expiresAt)}`
      : '',
    status.problem?.message ?? '',
    status.fallback
      ? `${status.fallback.replace(/^env:/, '')} from the environment is used once you sign out`
      : '',
  ];
  return {
    label: provider.name,
    description: who(status),
    contextValue: isStored(provider) ? 'account.stored' : 'account',
    tooltip: lines.filter(Boolean).join('\n'),
    icon: status.problem ? 'warning' : iconOf(status),
    isSound: status.problem === null && status.state !== 'expired',
  };
}
