// Which other extensions may use the models: what they ask counts on the person's account, so each is asked about once.
// In: the id of an extension, as VS Code tells it. Out: yes or no; a yes is kept, a no counts for this window.
// Never here: what an extension asks.

export interface Asked {
  /** Resolves to whether the person says yes. */
  ask(extension: string): Promise<boolean>;
  readonly kept: { get(): readonly string[]; set(extensions: readonly string[]): void };
  /** Our own, which needs no leave */
  readonly self: string;
}

/** VS Code does not tell who it is. */
export const SOMEBODY = '';

export class Consent {
  readonly #asked: Asked;
  /** Also while the question is open, however many requests come meanwhile */
  readonly #answers = new Map<string, Promise<boolean>>();

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  async allows(extension: string | undefined): Promise<boolean> {
    const id = (extension ?? SOMEBODY).toLowerCase();
    const { kept, self } = this.#asked;
    if (id === self.toLowerCase() || kept.get().includes(id)) return true;
    const answer = this.#answers.get(id) ?? this.#ask(id);
    this.#answers.set(id, answer);
    return answer;
  }

  /** Everybody is asked about anew. */
  forget(): void {
    this.#answers.clear();
    this.#asked.kept.set([]);
  }

  async #ask(id: string): Promise<boolean> {
    const isAllowed = await this.#asked.ask(id);
    if (isAllowed) this.#asked.kept.set([...this.#asked.kept.get(), id]);
    return isAllowed;
  }
}
