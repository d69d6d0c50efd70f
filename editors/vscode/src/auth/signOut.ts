// Signing out: of which provider, after a modal question, and what that means.
// In: perhaps a provider. Out: whether something was removed. Never here: a revocation; the provider does not hear of it.
import type { Provider } from '../protocol.ts';
import { askModally, sayError, sayInfo } from '../say.ts';
import type { Pi } from '../server/pi.ts';
import type { Accounts } from './accounts.ts';
import { choose } from './choose.ts';
import { variableOf } from './describe.ts';
import { Desk, isLeft } from './desk.ts';
import { failureEnding, nothingStoredText, signedOutText } from './endings.ts';
import { providerItems, storedProviders } from './items.ts';

const SIGN_OUT = 'Sign Out';

export async function signOut(pi: Pi, accounts: Accounts, providerId?: string): Promise<boolean> {
  try {
    const provider = await whichOne(await accounts.refresh(), providerId);
    return provider !== null && (await confirmed(provider)) && (await remove(pi, provider));
  } catch (error) {
    const ending = failureEnding(error);
    if (ending) void sayError(ending.text);
    return false;
  }
}

async function whichOne(
  providers: readonly Provider[],
  providerId: string | undefined,
): Promise<Provider | null> {
  const asked = providers.filter(({ id }) => !providerId || id === providerId);
  const stored = storedProviders(asked);
  if (stored.length > 1) {
    const chosen = await choose(new Desk(), {
      title: 'Sign Out',
      placeholder: 'Choose whom to sign out of',
      items: providerItems(stored, Date.now()),
    });
    return isLeft(chosen) ? null : chosen.provider;
  }
  if (!stored[0]) void sayInfo(nothingStoredText(asked));
  return stored[0] ?? null;
}

async function confirmed({ name, status }: Provider): Promise<boolean> {
  const account = status.account ? ` as ${status.account}` : '';
  const behind = variableOf(status.fallback);
  const detail = [
    `The stored sign-in${account} is removed from this machine, for every editor that uses it. Nothing is revoked at the provider.`,
    behind ? `${behind} from the environment will be used then.` : '',
  ];
  const question = {
    text: `Sign out of ${name}?`,
    detail: detail.filter(Boolean).join('\n\n'),
    isGrave: true,
  };
  return (await askModally(question, SIGN_OUT)) === SIGN_OUT;
}

async function remove(pi: Pi, provider: Provider): Promise<boolean> {
  const result = await pi.request('pi/logout', { provider: provider.id });
  void sayInfo(signedOutText(provider, result));
  return result.removed;
}
