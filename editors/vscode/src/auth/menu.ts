// "pi: Accounts…": who is signed in where, and signing in or out of it by keyboard or by the buttons of a row.
// In: the accounts, kept up to date while the list is open. Out: what was chosen is begun.
// Never here: how signing in or out works.
import { type QuickInputButton, type QuickPickItem, QuickPickItemKind, ThemeIcon } from 'vscode';
import type { Provider } from '../protocol.ts';
import type { Accounts } from './accounts.ts';
import { choose } from './choose.ts';
import { isStored } from './describe.ts';
import { Desk, isLeft } from './desk.ts';
import { type AccountAction, accountActions, accountItems, type ProviderItem } from './items.ts';

type MenuItem = QuickPickItem & { readonly provider?: Provider };
export type Act = (action: AccountAction, providerId?: string) => Promise<unknown>;

const SIGN_OUT: QuickInputButton = { iconPath: new ThemeIcon('sign-out'), tooltip: 'Sign Out…' };
const SIGN_IN_AGAIN: QuickInputButton = { iconPath: new ThemeIcon('sign-in'), tooltip: 'Sign In Again…' };
const SIGN_IN: MenuItem = { label: '$(add) Sign In to Another Provider…' };

export async function showAccounts(accounts: Accounts, act: Act): Promise<void> {
  const desk = new Desk();
  const chosen = await choose<MenuItem>(desk, {
    title: 'Accounts',
    placeholder: 'Choose an account to sign in or out',
    items: menuItems(accounts.providers),
    keyOf: (item) => item.provider?.id ?? item.label,
    load: () => accounts.refresh(),
    watch: (setItems) => accounts.onDidChange(() => setItems(menuItems(accounts.providers))),
    onItemButton: (item, button) => void act(button === SIGN_OUT ? 'signOut' : 'signIn', item.provider?.id),
  });
  if (isLeft(chosen)) return;
  if (!chosen.provider) return void (await act('signIn'));
  await actOn(desk, accounts, chosen.provider, act);
}

/** What can be done with the one account; nobody is asked to choose from one. */
async function actOn(desk: Desk, accounts: Accounts, provider: Provider, act: Act): Promise<void> {
  const actions = accountActions(provider);
  const [only] = actions;
  if (only && actions.length === 1) return void (await act(only.action, provider.id));
  const chosen = await choose(desk, {
    title: provider.name,
    placeholder: 'Choose what to do with this account',
    hasBack: true,
    items: actions,
  });
  if (chosen === 'back') return showAccounts(accounts, act);
  if (!isLeft(chosen)) await act(chosen.action, provider.id);
}

function menuItems(providers: readonly Provider[]): MenuItem[] {
  if (providers.length === 0) return [];
  const accounts: MenuItem[] = accountItems(providers, Date.now()).map(withButtons);
  return [...accounts, { label: '', kind: QuickPickItemKind.Separator }, SIGN_IN];
}

function withButtons(item: ProviderItem): MenuItem {
  return isStored(item.provider) ? { ...item, buttons: [SIGN_IN_AGAIN, SIGN_OUT] } : item;
}
