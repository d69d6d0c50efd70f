// The view "Accounts": a row for each provider, once somebody is signed in anywhere; before that, its welcome text.
// In: the accounts. Out: rows that are up to date without being asked. Looking at the view counts as use: it starts the
// server, once. Never here: signing in or out.
import { type Event, ThemeColor, ThemeIcon, type TreeDataProvider, TreeItem } from 'vscode';
import type { Provider } from '../protocol.ts';
import type { Phase, Pi } from '../server/pi.ts';
import type { Accounts } from './accounts.ts';
import { accountNode } from './items.ts';

/** Without a server its welcome text says what helps. */
const WELCOMED = new Set<Phase>(['missing', 'misconfigured']);

export class AccountsTree implements TreeDataProvider<Provider> {
  readonly #pi: Pi;
  readonly #accounts: Accounts;
  #hasAsked = false;
  readonly onDidChangeTreeData: Event<void>;

  constructor(pi: Pi, accounts: Accounts) {
    this.#pi = pi;
    this.#accounts = accounts;
    this.onDidChangeTreeData = accounts.onDidChange;
  }

  async getChildren(row?: Provider): Promise<Provider[]> {
    if (row) return [];
    await this.#askOnce();
    const { state, providers } = this.#accounts;
    return state === 'signedOut' || WELCOMED.has(this.#pi.state.phase) ? [] : [...providers];
  }

  getTreeItem(provider: Provider): TreeItem {
    const node = accountNode(provider, (milliseconds) => new Date(milliseconds).toLocaleString());
    const item = new TreeItem(node.label);
    item.id = provider.id;
    item.description = node.description;
    item.contextValue = node.contextValue;
    item.tooltip = node.tooltip;
    item.accessibilityInformation = { label: node.tooltip.replaceAll('\n', ', ') };
    item.iconPath = node.isSound
      ? new ThemeIcon(node.icon)
      : new ThemeIcon(node.icon, new ThemeColor('list.warningForeground'));
    if (provider.status.state !== 'ready') {
      item.command = { command: 'pi.signIn', title: 'Sign In…', arguments: [provider.id] };
    }
    return item;
  }

  async #askOnce(): Promise<void> {
    if (this.#hasAsked || this.#accounts.state !== 'unknown' || this.#pi.state.phase !== 'stopped') return;
    this.#hasAsked = true;
    // What went wrong is in the server's state, and there is a welcome text for it.
    await this.#accounts.refresh().catch(() => undefined);
  }
}
