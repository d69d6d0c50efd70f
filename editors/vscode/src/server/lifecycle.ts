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

const STOP = 'stop';
const AGAIN = 'again';
export const GIVEN_UP = `The pi server crashed more than ${RESTARTS} times in 3 minutes and is not started again; its log says why`;

export class Lifecycle<L extends Life> {
  readonly #ways: Ways<L>;
  #life: L | undefined;
  #starting: Promise<L> | undefined;
  #attempt: AbortController | undefined;
  #ending: Promise<void> = Promise.resolve();
  #crashes: readonly number[] = [];
  #givenUp = false;

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
    return this.#start(false);
  }

  async stop(): Promise<void> {
    const starting = this.#starting;
    this.#attempt?.abort(STOP);
    this.#end();
    this.forgive();
    this.#ways.changed('stopped', undefined);
    await Promise.all([this.#ending, starting?.catch(() => undefined)]);
  }

  /** Forgets crashes, lets go of what runs, starts. While one is being started, that start begins anew instead, and
   * everybody who waits for it is told of the new one. */
  restart(): Promise<L> {
    this.forgive();
    if (this.#starting !== undefined) {
      this.#attempt?.abort(AGAIN);
      return this.#starting;
    }
    this.#end();
    return this.#start(false);
  }

  /** After this a server that had been given up is started again when it is needed. */
  forgive(): void {
    this.#crashes = [];
    this.#givenUp = false;
  }

  #end(): void {
    const life = this.#life;
    this.#life = undefined;
    if (life) this.#ending = Promise.all([this.#ending, life.stop()]).then(() => undefined);
  }

  #start(recovering: boolean): Promise<L> {
    const starting = this.#attempts(recovering).finally(() => {
      if (this.#starting === starting) this.#starting = undefined;
    });
    this.#starting = starting;
    starting.catch(() => undefined); // whoever asked hears of it; a recovery was asked for by nobody
    return starting;
  }

  async #attempts(recovering: boolean): Promise<L> {
    for (;;) {
      const attempt = new AbortController();
      this.#attempt = attempt;
      this.#ways.changed('starting', undefined);
      try {
        return this.#lives(await this.#launch(attempt.signal, recovering));
      } catch (error) {
        if (attempt.signal.reason === AGAIN) {
          recovering = false;
        } else if (attempt.signal.reason === STOP) {
          throw stopped('The pi server was stopped');
        } else if (!this.#tryAgain(error, recovering)) {
          throw failureOf(error);
        }
      } finally {
        this.#attempt = undefined;
      }
    }
  }

  async #launch(signal: AbortSignal, recovering: boolean): Promise<L> {
    await this.#ending;
    if (recovering) await this.#ways.wait(delayAfter(this.#crashes, this.#ways.now()) ?? 0, signal);
    signal.throwIfAborted();
    const life = await this.#ways.launch(signal, recovering);
    if (signal.aborted) {
      this.#ending = life.stop();
      signal.throwIfAborted();
    }
    return life;
  }

  #lives(life: L): L {
    this.#life = life;
    this.#ways.changed('running', undefined);
    void life.ended.then((how) => {
      if (this.#life !== life) return;
      this.#life = undefined;
      if (this.#again(how)) void this.#start(true);
    });
    return life;
  }

  /** A server that ran before and now does not start has crashed once more; another one is broken or not there. */
  #tryAgain(error: unknown, recovering: boolean): boolean {
    const { code, message } = failureOf(error);
    if (recovering && code !== 'server_missing') return this.#again(message);
    this.#ways.changed(code === 'server_missing' ? 'missing' : 'failed', message);
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
