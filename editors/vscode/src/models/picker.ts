// "Choose Model…": a list that stands at once with what is known and is brought up to date under the person's hands.
// In: Models, and a model to begin at. Out: what was picked, nothing when the list was left.
// Never here: what a pick does (choose.ts), what a line says (rows.ts).
import {
  type QuickInputButton,
  type QuickPick,
  type QuickPickItem,
  QuickPickItemKind,
  ThemeIcon,
  window,
} from 'vscode';
import type { Accounts } from '../auth/accounts.ts';
import { type Pi, PiError } from '../server/pi.ts';
import type { Models } from './models.ts';
import { problemRow, type Row, rowsOf, WAITING } from './rows.ts';

const TITLE = 'Choose Model';
const STALE = 'not every provider answered, so this may be an older list';
const REFRESH: QuickInputButton = { iconPath: new ThemeIcon('refresh'), tooltip: 'Ask the providers again' };

export interface Picked {
  readonly row: Extract<Row, { type: 'model' | 'given' | 'problem' }>;
  /** What was typed, to go on with when the list comes back */
  readonly filter: string;
}

export interface Opening {
  /** The line to stand on */
  readonly at?: string | undefined;
  /** What is typed already */
  readonly filter?: string | undefined;
  /** Why a model that was picked cannot be used */
  readonly notice?: string | undefined;
  /** Whether the providers were asked when it was open before */
  readonly isAgain?: boolean;
}

interface Item extends QuickPickItem {
  readonly row: Row;
}

/** `refusal` says why a line cannot be picked at all; the list then stays and says so. */
export function pickModel(
  pi: Pi,
  accounts: Accounts,
  models: Models,
  opening: Opening,
  refusal: (row: Picked['row']) => string | undefined,
): Promise<Picked | undefined> {
  const picker = new Picker(pi, accounts, models, opening, refusal);
  return picker.picked.finally(() => picker.dispose());
}

class Picker {
  readonly #pi: Pi;
  readonly #accounts: Accounts;
  readonly #models: Models;
  readonly #pick: QuickPick<Item> = window.createQuickPick<Item>();
  readonly #listening;
  readonly picked: Promise<Picked | undefined>;
  #notice: string | undefined;
  #failure: PiError | undefined;
  readonly #at: string | undefined;
  /** Where a new list begins: where it began, at what fits what was typed (VS Code goes there), where they went */
  #stand: 'start' | 'first' | 'active' = 'start';
  /** The list before, until the window has shown the present one */
  #earlier: readonly Item[] | undefined;
  /** The line that the last list began at */
  #put: string | undefined;
  #busy = 0;
  #shown = '';
  #isOpen = true;

  constructor(
    pi: Pi,
    accounts: Accounts,
    models: Models,
    opening: Opening,
    refusal: (row: Picked['row']) => string | undefined,
  ) {
    this.#pi = pi;
    this.#accounts = accounts;
    this.#models = models;
    this.#notice = opening.notice;
    this.#at = opening.at;
    const pick = this.#pick;
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    pick.keepScrollPosition = true;
    pick.placeholder = 'Type to search, or provider/model for one that is not listed';
    pick.buttons = [REFRESH];
    pick.value = opening.filter ?? '';
    this.#listening = [models.onDidChange(() => this.#show()), accounts.onDidChange(() => this.#show())];
    this.picked = new Promise((resolve) => {
      pick.onDidAccept(() => {
        const row = rowIn(this.#meant(pick.selectedItems[0] ?? pick.activeItems[0]));
        this.#notice = row && refusal(row);
        if (row && !this.#notice) resolve({ row, filter: pick.value });
        else this.#show();
      });
      pick.onDidHide(() => resolve(undefined));
    });
    pick.onDidChangeValue(() => {
      this.#stand = 'first';
      this.#show();
    });
    pick.onDidChangeActive(([item]) => {
      this.#earlier = undefined;
      this.#stand = pick.value === '' && idOf(item) === this.#put ? 'start' : 'active';
    });
    pick.onDidTriggerButton(() => {
      this.#notice = undefined;
      void this.#ask(true);
    });
    this.#show();
    pick.show();
    void this.#ask(!opening.isAgain);
  }

  dispose(): void {
    this.#isOpen = false;
    for (const each of this.#listening) each.dispose();
    this.#pick.dispose();
  }

  /** What the server knows, then what the providers say where somebody is signed in. */
  async #ask(asksProviders: boolean): Promise<void> {
    this.#failure = undefined;
    await this.#busily(async () => {
      await this.#models.load();
      const providers = await this.#accounts.refresh();
      if (!asksProviders || !providers.some(({ status }) => status.state === 'ready')) return;
      if (!(await this.#models.refresh())) this.#notice = STALE;
    });
  }

  async #busily(work: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    this.#show();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof PiError)) throw error;
      this.#failure = error;
    } finally {
      this.#busy -= 1;
      this.#show();
    }
  }

  #show(): void {
    if (!this.#isOpen) return;
    const pick = this.#pick;
    pick.busy = this.#busy > 0;
    pick.title = this.#notice ? `${TITLE}: ${this.#notice}` : TITLE;
    const rows = this.#rows();
    const shown = JSON.stringify(rows);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const wanted = this.#standing();
    this.#earlier ??= pick.items;
    pick.items = rows.map(itemOf);
    const item = pick.items.find((each) => wanted !== undefined && idOf(each) === wanted);
    this.#put = idOf(item ?? pick.items.find(({ row }) => row.type !== 'group'));
    if (item) pick.activeItems = [item];
  }

  // VS Code names a line by its number. Enter that was pressed before a new list is on the screen means the one before:
  // the person must not get another model than they saw.
  #meant(item: Item | undefined): Item | undefined {
    return item && this.#earlier ? this.#earlier[this.#pick.items.indexOf(item)] : item;
  }

  // A line that the filter hides cannot be stood on, and asking for it would leave the person on none.
  #standing(): string | undefined {
    const start = this.#at ?? (this.#pick.value === '' ? this.#models.current : undefined);
    return { start, first: undefined, active: idOf(this.#pick.activeItems[0]) }[this.#stand];
  }

  #rows(): Row[] {
    const { known: models, current, recent, answered } = this.#models;
    const names = Object.fromEntries(this.#accounts.providers.map(({ id, name }) => [id, name]));
    const rows = rowsOf({ models, names, current, recent, answered }, this.#pick.value);
    if (this.#failure) return [...rows, problemRow(this.#failure.message, helpOf(this.#pi))];
    return rows.length ? rows : [WAITING];
  }
}

const HELP: Readonly<Record<string, { command: string; label: string }>> = {
  missing: { command: 'pi.server.install', label: 'Install the server' },
  failed: { command: 'pi.server.restart', label: 'Start the server again' },
};

function helpOf(pi: Pi): { command: string; label: string } {
  return HELP[pi.state.phase] ?? { command: 'pi.showLog', label: 'Show the log' };
}

function itemOf(row: Row): Item {
  if (row.type === 'group') return { row, label: row.label, kind: QuickPickItemKind.Separator };
  const { label, detail } = row;
  if (row.type === 'model') return { row, label, detail, description: row.description };
  return { row, label, detail, alwaysShow: true };
}

function rowIn(item: Item | undefined): Picked['row'] | undefined {
  const row = item?.row;
  return row && row.type !== 'group' && row.type !== 'waiting' ? row : undefined;
}

function idOf(item: Item | undefined): string | undefined {
  return item && 'id' in item.row ? item.row.id : undefined;
}
