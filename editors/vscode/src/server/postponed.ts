// A restart that nobody asked for waits until it takes nothing away: no answer that is coming, no sign-in that is open.
// In: why it is due, which requests go on. Out: one restart, a moment after the last reason. Never here: VS Code, a clock,
// a server; a restart that the person asked for, which waits for nothing.

/** What the person would have to do again */
const PRECIOUS = new Set(['pi/chat', 'pi/login/submit', 'pi/login/wait']);
/** Settings come one by one while they are typed, and several at once when they are synchronized. */
const CALM_MS = 500;

export interface PostponedWays {
  restart(why: string): void;
  log(line: string): void;
  /** Calls back after that time unless what it returns is called first */
  later(ms: number, then: () => void): () => void;
}

export class Postponed {
  readonly #ways: PostponedWays;
  readonly #reasons = new Set<string>();
  #going = 0;
  #cancel: (() => void) | undefined;

  constructor(ways: PostponedWays) {
    this.#ways = ways;
  }

  due(why: string): void {
    this.#reasons.add(why);
    if (this.#going > 0)
      this.#ways.log(`The server is started again once no answer is coming and no sign-in is open: ${why}`);
    this.#calm();
  }

  /** It is as it was, or a start has taken it up meanwhile; without a reason: all of it. */
  forget(why?: string): void {
    if (why === undefined) this.#reasons.clear();
    else this.#reasons.delete(why);
    this.#calm();
  }

  /** The request, which holds a restart up if something would be lost with it */
  async during<T>(method: string, request: Promise<T>): Promise<T> {
    if (!PRECIOUS.has(method)) return request;
    this.#going += 1;
    try {
      return await request;
    } finally {
      this.#going -= 1;
      this.#calm();
    }
  }

  dispose(): void {
    this.forget();
  }

  #calm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#going > 0 || this.#reasons.size === 0) return;
    this.#cancel = this.#ways.later(CALM_MS, () => {
      this.#cancel = undefined;
      if (this.#going > 0) return;
      const why = [...this.#reasons].join(', ');
      this.#reasons.clear();
      this.#ways.restart(why);
    });
  }
}
