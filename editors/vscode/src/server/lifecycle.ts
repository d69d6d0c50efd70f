// One server at a time: started when it is needed, started anew after a crash, restarted once however many ask.
// In: how to launch one. Out: the one that runs, and states. Never here: VS Code, a process, a message.
import { delayAfter, RESTARTS, recent } from './backoff.ts';
import { failureOf, serverFailure, stopped } from './failures.ts';
import type { Phase } from './pi.ts';

/** One process from its start to its end */
export interface Life {
  /** Settles when it has ended, with how */
  readonly ended: Promise<string>;
  /** Asks it to end, and waits until it has or takes too long. Never rejects. */
  stop(): Promise<void>;
}

export interface Ways<L extends Life> {
  /** Rejects with a PiError. Aborted, it lets go of what it began. `recovering`: one had been running. */
  launch(signal: AbortSignal, recovering: boolean): Promise<L>;
  wait(ms: number, signal: AbortSignal): Promise<void>;
  now(): number;
  changed(phase: Phase, reason: string | undefined): void;
  /** It ended by itself; `again` is whether it is started again. */
  crashed(how: string, again: boolean): void;
}

export const GIVEN_UP = `The pi server crashed more than ${RESTARTS} times in 3 minutes and is not started again; its log says why`;

/** Failures of a start in which nothing was started */
const ABSENT: Readonly<Record<string, Phase>> = {
  server_missing: 'missing',
  server_misconfigured: 'misconfigured',
};

/** One start, which may take several attempts */
interface Start {
  /** Of the attempt that goes on; aborted when another shall take its place, or none */
  attempt: AbortController;
  isStopped: boolean;
}

export class Lifecycle<L extends Life> {
  readonly #ways: Ways<L>;
  #life: L | undefined;
  #start: Start | undefined;
  /** What the start comes to */
  #starting: Promise<L> | undefined;
  /** What was let go of, ended */
  #ending: Promise<unknown> = Promise.resolve();
  #crashes: readonly number[] = [];
  #givenUp = false;
  #closed = false;

  constructor(ways: Ways<L>) {
    this.#ways = ways;
  }

  /** The one that runs, if one does */
  get life(): L | undefined {
    return this.#life;
  }

  /** Whether one runs or is being started */
  get active(): boolean {
    return this.#life !== undefined || this.#starting !== undefined;
  }

  /** The one that runs, started first where none does. Rejects with a PiError. */
  live(): Promise<L> {
    if (this.#life) return Promise.resolve(this.#life);
    if (this.#starting !== undefined) return this.#starting;
    if (this.#givenUp) return Promise.reject(serverFailure('server_failed', GIVEN_UP));
    return this.#begin(false);
  }

  /** Lets go of what runs and of what is being started; who asks after this gets a new one, once that has ended. */
  async stop(): Promise<void> {
    if (this.#start) this.#start.isStopped = true;
    this.#start?.attempt.abort();
    if (this.#starting !== undefined) this.#after(this.#starting);
    this.#start = undefined;
    this.#starting = undefined;
    this.#end();
    this.forgive();
    this.#ways.changed('stopped', undefined);
    await this.#ending;
  }

  /** A stop for good: whoever asks after this is refused. */
  close(): Promise<void> {
    this.#closed = true;
    return this.stop();
  }

  /** Forgets crashes, lets go of what runs, starts. While one is being started, that start begins anew instead, and
   * everybody who waits for it is told of the new one. */
  restart(): Promise<L> {
    this.forgive();
    if (this.#starting !== undefined) {
      this.#start?.attempt.abort();
      return this.#starting;
    }
    this.#end();
    return this.#begin(false);
  }

  /** After this a server that had been given up is started again when it is needed. */
  forgive(): void {
    this.#crashes = [];
    this.#givenUp = false;
  }

  #end(): void {
    const life = this.#life;
    this.#life = undefined;
    if (life) this.#after(life.stop());
  }

  /** Nothing is launched before this is over. */
  #after(parting: Promise<unknown>): void {
    this.#ending = Promise.allSettled([this.#ending, parting]);
  }

  #begin(recovering: boolean): Promise<L> {
    if (this.#closed) return Promise.reject(stopped('The pi server was stopped, for the window closes'));
    const start: Start = { attempt: new AbortController(), isStopped: false };
    this.#start = start;
    let follow: (attempts: Promise<L>) => void = () => undefined;
    const starting = new Promise<L>((resolve) => {
      follow = resolve;
    }).finally(() => {
      if (this.#start === start) this.#settled();
    });
    // It is known before anybody is told that it starts: who asks for a server then waits for this one.
    this.#starting = starting;
    starting.catch(() => undefined); // whoever asked hears of it; a recovery was asked for by nobody
    follow(this.#attempts(start, recovering));
    return starting;
  }

  #settled(): void {
    this.#start = undefined;
    this.#starting = undefined;
  }

  async #attempts(start: Start, recovering: boolean): Promise<L> {
    for (;;) {
      const { signal } = start.attempt;
      this.#ways.changed('starting', undefined);
      try {
        const life = await this.#launch(signal, recovering);
        if (!signal.aborted) return this.#lives(life);
        await life.stop();
      } catch (error) {
        if (!signal.aborted && !this.#tryAgain(error, recovering)) throw failureOf(error);
      }
      if (start.isStopped) throw stopped('The pi server was stopped');
      if (signal.aborted) recovering = false;
      start.attempt = new AbortController();
    }
  }

  async #launch(signal: AbortSignal, recovering: boolean): Promise<L> {
    signal.throwIfAborted(); // what ended this start waits for it, and it must not wait for that
    await this.#ending;
    if (recovering) await this.#ways.wait(delayAfter(this.#crashes, this.#ways.now()) ?? 0, signal);
    signal.throwIfAborted();
    return this.#ways.launch(signal, recovering);
  }

  #lives(life: L): L {
    this.#life = life;
    this.#settled();
    this.#ways.changed('running', undefined);
    void life.ended.then((how) => {
      if (this.#life !== life) return;
      this.#life = undefined;
      if (this.#again(how)) void this.#begin(true);
    });
    return life;
  }

  /** A server that ran before and now does not start has crashed once more; another one is broken or not there. */
  #tryAgain(error: unknown, recovering: boolean): boolean {
    const { code, message } = failureOf(error);
    const absent = ABSENT[code];
    if (recovering && !absent) return this.#again(message);
    this.#ways.changed(absent ?? 'failed', message);
    return false;
  }

  #again(how: string): boolean {
    const now = this.#ways.now();
    this.#crashes = [...recent(this.#crashes, now), now];
    this.#givenUp = delayAfter(this.#crashes, now) === null;
    if (this.#givenUp) this.#ways.changed('failed', GIVEN_UP);
    this.#ways.crashed(how, !this.#givenUp);
    return !this.#givenUp;
  }
}
