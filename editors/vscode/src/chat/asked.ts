// What was asked in a chat, turn by turn: how each stands, what it was sent with, which the server has not heard of.
// In: turns, events. Out: turns, and messages to the views. A turn that the server has not heard of is kept nowhere
// but here, so it stays until the same is asked again. Never here: a request; what is typed.
import type { TurnEvent } from '../protocol.ts';
import type { Sent } from './attachments.ts';
import { broughtNothing, isAskedAgain } from './kept.ts';
import type { ToView } from './messages.ts';
import { reduce, type Turn } from './transcript.ts';

export class Asked {
  readonly #post: (message: ToView) => void;
  readonly #sent = new Map<string, Sent>();
  readonly #unheard = new Set<string>();
  #turns: readonly Turn[] = [];
  /** The turn whose prompt was given back, and has been what is typed since */
  #returned: string | undefined;

  constructor(post: (message: ToView) => void) {
    this.#post = post;
  }

  get turns(): readonly Turn[] {
    return this.#turns;
  }

  find(turnId: string): Turn | undefined {
    return this.#turns.find(({ id }) => id === turnId);
  }

  sentWith(turnId: string): Sent | undefined {
    return this.#sent.get(turnId);
  }

  /** Those that would be lost with the window */
  get owed(): readonly Turn[] {
    return this.#turns.filter(({ id }) => this.#unheard.has(id) && id !== this.#returned);
  }

  /** Whether to ask this instead of that turn needs no fork: all that stands there of it is the prompt. */
  replaces(turn: Turn, prompt: string): boolean {
    if (this.#unheard.has(turn.id)) return true;
    const last = this.#turns.findLast(({ id }) => !this.#unheard.has(id));
    return turn === last && broughtNothing(turn) && prompt === turn.prompt;
  }

  /** Whether others went, `instead` of which it stands there now. */
  add(turn: Turn, sent: Sent, instead?: Turn): boolean {
    const last = this.#turns.at(-1);
    const isGone = (one: Turn) =>
      one === instead || ((one === last || this.#unheard.has(one.id)) && isAskedAgain(one, turn));
    const stay = this.#turns.filter((one) => !isGone(one));
    const areGone = stay.length < this.#turns.length;
    this.#turns = [...stay, turn];
    this.#sent.set(turn.id, sent);
    this.#unheard.add(turn.id);
    this.#returned = undefined;
    return areGone;
  }

  /** Others stand there now. Out: those that were there, and are kept nowhere else. */
  become(turns: readonly Turn[]): readonly Turn[] {
    const left = this.#turns.filter((turn) => this.#unheard.has(turn.id) && !turns.includes(turn));
    for (const { id } of left) this.#unheard.delete(id);
    this.#turns = turns;
    return left;
  }

  /** The server has it. False, when that was known. */
  hear(turnId: string): boolean {
    return this.#unheard.delete(turnId);
  }

  isHeard(turnId: string): boolean {
    return !this.#unheard.has(turnId);
  }

  giveBack(turnId: string): void {
    this.#returned = turnId;
  }

  send(turnId: string, sent: Sent): void {
    this.#sent.set(turnId, sent);
    this.replace(turnId, (turn) => ({ ...turn, context: sent.labels }));
  }

  /** The turn before and after what happened. */
  take(turnId: string, events: readonly TurnEvent[]): { before: Turn; turn: Turn } | undefined {
    const change = this.#change(turnId, (turn) => events.reduce(reduce, turn));
    if (change) this.#post({ type: 'events', turnId, events });
    return change;
  }

  replace(turnId: string, change: (turn: Turn) => Turn): Turn | undefined {
    const turn = this.#change(turnId, change)?.turn;
    if (turn) this.#post({ type: 'turn', turn });
    return turn;
  }

  #change(turnId: string, change: (turn: Turn) => Turn): { before: Turn; turn: Turn } | undefined {
    const index = this.#turns.findLastIndex(({ id }) => id === turnId);
    const before = this.#turns[index];
    if (!before) return undefined;
    const turn = change(before);
    this.#turns = this.#turns.with(index, turn);
    return { before, turn };
  }
}
