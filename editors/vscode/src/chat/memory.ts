// What is kept over a reload of the window: which chat each place shows, and what is typed there.
// In: keys of places and of open chats. Out: ids and drafts, in the workspace's state. Never here: what was said in a
// chat. Nothing is forgotten when a tab closes, which it also does with the window; the oldest make room instead.
import type { Memento } from 'vscode';

export interface Kept {
  readonly chatId: string | null;
  readonly draft: string;
}

interface Stored {
  /** Keys of chats by keys of places */
  readonly shown: Readonly<Record<string, string>>;
  readonly open: Readonly<Record<string, Kept>>;
}

const NAME = 'pi.chats';
const CHATS = 50;
const PLACES = 20;

export class Memory {
  readonly #state: Memento;
  #stored: Stored;

  constructor(state: Memento) {
    this.#state = state;
    this.#stored = state.get<Stored>(NAME, { shown: {}, open: {} });
  }

  shownIn(place: string): string | undefined {
    return this.#stored.shown[place];
  }

  find(key: string): Kept | undefined {
    return this.#stored.open[key];
  }

  /** What was typed in a chat that is not open now; `null` for a chat that has not begun. */
  left(chatId: string | null, open: ReadonlySet<string>): string | undefined {
    const entries = Object.entries(this.#stored.open);
    return entries.find(([key, kept]) => kept.chatId === chatId && kept.draft && !open.has(key))?.[0];
  }

  show(place: string, key: string): void {
    if (this.shownIn(place) === key) return;
    this.#store({ ...this.#stored, shown: newest(this.#stored.shown, place, key, PLACES) });
  }

  keep(key: string, kept: Kept): void {
    const known = this.find(key);
    if (known?.chatId === kept.chatId && known.draft === kept.draft) return;
    this.#store({ ...this.#stored, open: newest(this.#stored.open, key, kept, CHATS) });
  }

  forget(key: string): void {
    if (!this.find(key)) return;
    const { [key]: _, ...open } = this.#stored.open;
    this.#store({ ...this.#stored, open });
  }

  #store(stored: Stored): void {
    this.#stored = stored;
    void this.#state.update(NAME, stored);
  }
}

function newest<T>(
  entries: Readonly<Record<string, T>>,
  key: string,
  value: T,
  limit: number,
): Readonly<Record<string, T>> {
  const { [key]: _, ...rest } = entries;
  return Object.fromEntries([...Object.entries(rest), [key, value] as const].slice(-limit));
}
