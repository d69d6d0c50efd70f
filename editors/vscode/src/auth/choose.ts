// A list that is there at once and may be brought up to date while it is open.
// In: items now and later. Out: the one that was chosen, or how it was left. Never here: what is listed.
import {
  type Disposable,
  type QuickInputButton,
  QuickInputButtons,
  type QuickPickItem,
  window,
} from 'vscode';
import type { Desk, Left } from './desk.ts';

export interface Choice<T extends QuickPickItem> {
  readonly title: string;
  readonly step?: number;
  readonly placeholder: string;
  readonly hasBack?: boolean;
  readonly items: readonly T[];
  /** What stays the same of an item when the list is brought up to date */
  keyOf?(item: T): string;
  /** Asks for what is listed; the list is busy meanwhile. Rejects when there will be none, and then so does the choice */
  load?(): Promise<unknown>;
  /** Tells of later lists; let go with the choice */
  watch?(setItems: (items: readonly T[]) => void): Disposable;
  /** A button of an item; the choice is left unless it says otherwise */
  onItemButton?(item: T, button: QuickInputButton): void;
}

export const STEPS = 2;

export function choose<T extends QuickPickItem>(desk: Desk, choice: Choice<T>): Promise<T | Left> {
  const pick = window.createQuickPick<T>();
  pick.title = choice.title;
  pick.placeholder = choice.placeholder;
  pick.step = choice.step;
  pick.totalSteps = choice.step === undefined ? undefined : STEPS;
  pick.buttons = choice.hasBack ? [QuickInputButtons.Back] : [];
  pick.matchOnDescription = true;
  pick.items = choice.items;
  const watching = choice.watch?.((items) => update(pick, items, choice.keyOf));

  return new Promise<T | Left>((resolve, reject) => {
    const end = (answer: T | Left) => {
      resolve(answer);
      pick.hide();
    };
    pick.onDidAccept(() => {
      const [item] = pick.selectedItems;
      if (item) end(item);
    });
    pick.onDidTriggerButton(() => end('back'));
    pick.onDidTriggerItemButton(({ item, button }) => {
      end('left');
      choice.onItemButton?.(item, button);
    });
    pick.onDidHide(() => desk.isLeaving(pick) && resolve('left'));
    if (choice.load) {
      pick.busy = true;
      choice
        .load()
        .then(() => {
          pick.busy = false;
        })
        .catch(reject);
    }
    desk.show(pick);
  }).finally(() => {
    watching?.dispose();
    desk.done(pick);
  });
}

/** The person stays where they were in the list. */
function update<T extends QuickPickItem>(
  pick: { items: readonly T[]; activeItems: readonly T[] },
  items: readonly T[],
  keyOf: ((item: T) => string) | undefined,
): void {
  const [active] = pick.activeItems;
  pick.items = items;
  const same = active && keyOf && items.find((item) => keyOf(item) === keyOf(active));
  if (same) pick.activeItems = [same];
}
