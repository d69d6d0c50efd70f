// One turn while it runs: its request, its events, its end. In: how to ask, and events as they come. Out: events in
// batches, of which the last is `ended`; or that it broke off, when nothing says how it ended. Exactly one end,
// whatever comes, in whatever order. Never here: what a turn looks like.
import type { CancellationToken } from 'vscode';
import type { ChatResult, Failure, TurnEvent } from '../protocol.ts';
import { cancelled, failureOf } from '../server/failures.ts';
import { type Batch, batch } from './batch.ts';
import { joined } from './transcript.ts';

export interface Cancellation {
  readonly token: CancellationToken;
  cancel(): void;
  dispose(): void;
}

export interface Ear {
  events(events: readonly TurnEvent[]): void;
  broke(stopReason: 'cancelled' | 'error', failure: Failure): void;
}

/** How long a server that was told to stop may take to say so */
const STOP_MS = 10_000;

export class Run {
  readonly turnId: string;
  readonly #cancellation: Cancellation;
  readonly #ear: Ear;
  readonly #events: Batch<TurnEvent>;
  #heard = false;
  #missed = false;
  #next = 0;
  #over = false;
  #overdue: NodeJS.Timeout | undefined;

  constructor(turnId: string, cancellation: Cancellation, ear: Ear) {
    this.turnId = turnId;
    this.#cancellation = cancellation;
    this.#ear = ear;
    this.#events = batch((events) => ear.events(joined(events)));
  }

  /** Whether the server has said anything of it */
  get heard(): boolean {
    return this.#heard;
  }

  /** Whether something was said that did not arrive, so that `ended` alone tells the whole */
  get missed(): boolean {
    return this.#missed;
  }

  async converse(ask: (token: CancellationToken) => Promise<ChatResult>): Promise<void> {
    try {
      // `ended` comes before the answer; only when it did not, the answer says something new.
      const { stopReason, message, usage } = await ask(this.#cancellation.token);
      this.#missed = true;
      this.hear({ type: 'ended', stopReason, message, usage });
    } catch (error) {
      const failure = failureOf(error).data;
      this.#break(failure.code === 'cancelled' ? 'cancelled' : 'error', failure);
    }
  }

  /** `seq` counts a turn's events from 0. */
  hear(event: TurnEvent, seq = this.#next): void {
    if (this.#over) return;
    this.#heard = true;
    if (seq !== this.#next) this.#missed = true;
    this.#next = seq + 1;
    this.#events.push(event);
    if (event.type !== 'ended') return;
    this.#events.flush();
    this.#end();
  }

  /** What waits is passed on now. */
  flush(): void {
    this.#events.flush();
  }

  stop(): void {
    this.#cancellation.cancel();
    this.#overdue ??= setTimeout(() => this.#break('cancelled', cancelled().data), STOP_MS);
  }

  #break(stopReason: 'cancelled' | 'error', failure: Failure): void {
    if (this.#over) return;
    this.#events.flush();
    this.#end();
    this.#ear.broke(stopReason, failure);
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#overdue);
    this.#cancellation.dispose();
  }
}
