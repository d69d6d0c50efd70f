// What is kept over a reload of the window: which chat each place shows, what is typed there, which files go along.
// In: keys of places and of open chats. Out: ids, drafts and places in files, in the workspace's state. Never here: what
// was said in a chat, the text of a file, a picture. Nothing is forgotten when a tab closes, which it also does with the
// window; the oldest make room instead.
import { isDeepStrictEqual } from 'node:util';
import type { Memento } from 'vscode';
import type { Piece } from './attachments.ts';

export interface Kept {
  readonly chatId: string | null;
  readonly draft: string;
  /** What is to go along with the draft */
  readonly pieces?: readonly Piece[];
  /** What of that cannot be kept, as it was called */
  readonly lost?: readonly string[];
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
    return entries.find(([key, kept]) => kept.chatId === chatId && isOfUse(kept) && !open.has(key))?.[0];
  }

  show(place: string, key: string): void {
    if (this.shownIn(place) === key) return;
    this.#store({ ...this.#stored, shown: newest(this.#stored.shown, place, key, PLACES) });
  }

  keep(key: string, kept: Kept): void {
    if (isDeepStrictEqual(this.find(key), kept)) return;
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

function isOfUse({ draft, pieces = [], lost = [] }: Kept): boolean {
  return draft !== '' || pieces.length + lost.length > 0;
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
