// "Choose Model…": a list that stands at once with what is known and is brought up to date under the person's hands.
// In: Models, and a model to begin at. Out: what was picked, nothing when the list was left.
// Never here: what a pick does (choose.ts), what a line says (rows.ts).
import { setTimeout as timeout } from 'node:timers/promises';
import {
  commands,
  type Disposable,
  type QuickInputButton,
  type QuickPick,
  type QuickPickItem,
  QuickPickItemKind,
  ThemeIcon,
  window,
} from 'vscode';
import type { Accounts } from '../auth/accounts.ts';
import { sentenceOf } from '../server/failures.ts';
import { type Pi, PiError } from '../server/pi.ts';
import { type Line, linesOf } from './lines.ts';
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

export interface Tools {
  readonly pi: Pi;
  readonly accounts: Accounts;
  readonly models: Models;
}

/** Why a line cannot be picked at all; the list then stays and says so. */
export type Refusal = (row: Picked['row']) => string | undefined;

export function pickModel(tools: Tools, opening: Opening, refusal: Refusal): Promise<Picked | undefined> {
  const picker = new Picker(tools, opening, refusal);
  return picker.picked.finally(() => picker.dispose());
}

class Picker {
  readonly #tools: Tools;
  readonly #opening: Opening;
  readonly #refusal: Refusal;
  readonly #pick: QuickPick<Item> = window.createQuickPick<Item>();
  readonly #listening: readonly Disposable[];
  readonly picked: Promise<Picked | undefined>;
  #notice: string | undefined;
  #failure: PiError | undefined;
  /** Where a new list begins: where it began, at what fits what was typed (VS Code goes there), where they went */
  #stand: 'start' | 'first' | 'active' = 'start';
  /** The line that the last list began at */
  #put: string | undefined;
  /** Where the person is, as far as is known */
  #active: string | undefined;
  /** As the window was given them last, and whether it shows them */
  #lines: readonly Line<Row>[] = [];
  #isOnScreen = true;
  #busy = 0;
  /** Lists that the window was given with a line to stand on, and has not shown yet */
  #settling = 0;
  #heard: Item | undefined;
  #shown = '';
  #isOpen = true;

  constructor(tools: Tools, opening: Opening, refusal: Refusal) {
    this.#tools = tools;
    this.#opening = opening;
    this.#refusal = refusal;
    this.#notice = opening.notice;
    this.#listening = [tools.models, tools.accounts].map((each) => each.onDidChange(() => this.#show()));
    const pick = this.#pick;
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    pick.keepScrollPosition = true;
    pick.placeholder = 'Type to search, or provider/model for one that is not listed';
    pick.buttons = [REFRESH];
    pick.value = opening.filter ?? '';
    pick.onDidChangeValue(() => this.#typed());
    pick.onDidChangeActive(([item]) => this.#moved(item));
    pick.onDidTriggerButton(() => this.#askAgain());
    this.picked = new Promise((resolve) => {
      pick.onDidAccept(() => this.#accept(resolve));
      pick.onDidHide(() => resolve(undefined));
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

  #typed(): void {
    this.#stand = 'first';
    this.#show();
  }

  // VS Code goes to the first line of a new list before it goes to the one asked for: until the list stands, only the
  // last line that was heard of counts.
  #moved(item: Item | undefined): void {
    this.#heard = item;
    if (this.#settling === 0) this.#follow(item);
  }

  #follow(item: Item | undefined): void {
    this.#active = idOf(item?.row);
    this.#stand = this.#pick.value === '' && this.#active === this.#put ? 'start' : 'active';
  }

  #askAgain(): void {
    this.#notice = undefined;
    void this.#ask(true);
  }

  #accept(resolve: (picked: Picked) => void): void {
    const { selectedItems, activeItems, value: filter } = this.#pick;
    const row = (selectedItems[0] ?? activeItems[0])?.row;
    if (!row || row.type === 'group' || row.type === 'waiting') return;
    this.#notice = this.#refusal(row);
    if (this.#notice) this.#show();
    else resolve({ row, filter });
  }

  /** What the server knows, then what the providers say where somebody is signed in. */
  async #ask(asksProviders: boolean): Promise<void> {
    this.#failure = undefined;
    await this.#busily(async () => {
      const { models, accounts } = this.#tools;
      await models.load();
      const providers = await accounts.refresh();
      if (!asksProviders || !providers.some(({ status }) => status.state === 'ready')) return;
      if (!(await models.refresh())) this.#notice = STALE;
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
    this.#lines = linesOf(this.#lines, rows, this.#isOnScreen);
    pick.items = this.#lines.map(itemOf);
    const confirmed = this.#confirm(this.#lines);
    const item = pick.items.find(
      ({ row, kind }) => kind === undefined && wanted !== undefined && idOf(row) === wanted,
    );
    this.#put = idOf(item?.row ?? rows.find(({ type }) => type !== 'group'));
    if (!item) return;
    pick.activeItems = [item];
    this.#active = wanted;
    this.#settling += 1;
    void confirmed.finally(() => {
      this.#settling -= 1;
      if (this.#settling === 0 && this.#heard) this.#follow(this.#heard);
    });
  }

  // What is asked of the window after a list is answered after the list is shown.
  async #confirm(lines: readonly Line<Row>[]): Promise<void> {
    this.#isOnScreen = false;
    await timeout(0); // in which VS Code sends what was set
    await commands.executeCommand('setContext', 'pi.modelsListed', lines.length);
    if (this.#lines === lines) this.#isOnScreen = true;
  }

  // A line that the filter hides cannot be stood on, and asking for it would leave the person on none.
  #standing(): string | undefined {
    const { models } = this.#tools;
    const start = this.#opening.at ?? (this.#pick.value === '' ? models.current : undefined);
    return { start, first: undefined, active: this.#active }[this.#stand];
  }

  #rows(): Row[] {
    const { pi, accounts, models } = this.#tools;
    const { known, current, recent, answered } = models;
    const names = Object.fromEntries(accounts.providers.map(({ id, name }) => [id, name]));
    const rows = rowsOf({ models: known, names, current, recent, answered }, this.#pick.value);
    if (this.#failure) return [...rows, problemRow(sentenceOf(this.#failure), helpOf(pi))];
    return rows.length ? rows : [WAITING];
  }
}

const HELP: Readonly<Record<string, { command: string; label: string }>> = {
  missing: { command: 'pi.server.install', label: 'Install the server' },
  misconfigured: { command: 'pi.openSettings', label: 'Open the settings' },
  failed: { command: 'pi.server.restart', label: 'Start the server again' },
};

function helpOf(pi: Pi): { command: string; label: string } {
  return HELP[pi.state.phase] ?? { command: 'pi.showLog', label: 'Show the log' };
}

function itemOf({ row, isShown }: Line<Row>): Item {
  if (!isShown) return { row, label: '', kind: QuickPickItemKind.Separator };
  if (row.type === 'group') return { row, label: row.label, kind: QuickPickItemKind.Separator };
  const { label, detail } = row;
  if (row.type === 'model') return { row, label, detail, description: row.description };
  return { row, label, detail, alwaysShow: true };
}

function idOf(row: Row | undefined): string | undefined {
  return row && 'id' in row ? row.id : undefined;
}
