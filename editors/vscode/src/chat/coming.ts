// A prompt on its way: it waits until the chat has been read, until the files that are to go along have been looked at,
// or for a fork. One at a time. In: a prompt, work. Out: whether it may be asked. Never here: asking it.

export class Coming {
  readonly #work = new Set<Promise<unknown>>();
  readonly #changed: () => void;
  #prompt: { readonly text: string } | undefined;

  /** `changed`: another prompt is on its way, or none. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get prompt(): string | undefined {
    return this.#prompt?.text;
  }

  get isAwaited(): boolean {
    return this.#work.size > 0;
  }

  /** What comes of this is to go along with whatever is sent meanwhile. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work);
    try {
      return await work;
    } finally {
      this.#work.delete(work);
    }
  }

  /** Until all work is done, however it ends, that which was begun meanwhile too. */
  async settled(): Promise<void> {
    while (this.#work.size) await Promise.allSettled(this.#work);
  }

  /** Out: to be called when it is its time. False, when it was given up meanwhile. */
  hold(text: string): () => boolean {
    const prompt = { text };
    this.#become(prompt);
    return () => {
      const isWanted = this.#prompt === prompt;
      if (isWanted) this.#become(undefined);
      return isWanted;
    };
  }

  /** The prompt, which is not asked then */
  giveUp(): string | undefined {
    const { prompt } = this;
    if (prompt !== undefined) this.#become(undefined);
    return prompt;
  }

  #become(prompt: { readonly text: string } | undefined): void {
    this.#prompt = prompt;
    this.#changed();
  }
}
