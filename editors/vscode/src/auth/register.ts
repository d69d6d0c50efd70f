// The commands and the view of signing in.
// In: the server, the accounts. Out: what is registered, to be let go. Never here: how anything works.
import { commands, Disposable, window } from 'vscode';
import { joining } from '../joining.ts';
import type { Pi } from '../server/pi.ts';
import type { Accounts } from './accounts.ts';
import { SHOW } from './beside.ts';
import { showAccounts } from './menu.ts';
import { createSignIns } from './signIn.ts';
import { signOut } from './signOut.ts';
import { AccountsTree } from './tree.ts';
import { wishOf } from './wish.ts';

export function registerAuth(pi: Pi, accounts: Accounts): Disposable {
  const signIns = createSignIns(pi, accounts);
  const act = {
    signIn: (provider?: string) => signIns.signIn(provider ? { provider } : {}),
    signOut: joining((provider: string | undefined) => signOut(pi, accounts, provider)),
  };
  return Disposable.from(
    // Our own code may hear when it leaves the screen; a menu hands over other things.
    commands.registerCommand('pi.signIn', (wanted?: unknown, leftScreen?: unknown) =>
      signIns.signIn(wishOf(wanted), typeof leftScreen === 'function' ? () => leftScreen() : undefined),
    ),
    commands.registerCommand('pi.signOut', (wanted?: unknown) => act.signOut(wishOf(wanted).provider)),
    commands.registerCommand('pi.accounts', () =>
      showAccounts(accounts, (action, provider) => act[action](provider)),
    ),
    commands.registerCommand(SHOW, (providerId: string) => signIns.show(providerId)),
    window.registerTreeDataProvider('pi.accounts', new AccountsTree(pi, accounts)),
  );
}
