// Which other extensions may use the models: what they ask counts on the person's account, so each is asked about once.
// In: the id of an extension, as VS Code tells it. Out: yes or no; a yes is kept, a no counts for this window, and so
// does a yes to one that VS Code does not name. Never here: what an extension asks; a name of its own choice before its id.

export interface Asked {
  /** Resolves to whether the person says yes. */
  ask(extension: string): Promise<boolean>;
  readonly kept: { get(): readonly string[]; set(extensions: readonly string[]): void };
  /** Our own, which needs no leave */
  readonly self: string;
}

/** VS Code does not tell who it is. */
export const SOMEBODY = '';

const LONGEST_NAME = 60;
const WHAT_IT_MEANS =
  'What it asks counts on your account. It sees no key or token. The setting pi.languageModels takes the models away from all of them.';

/** The id comes first: the Marketplace vouches for it, and for no name that an extension gives itself. */
export function questionAbout(extension: string, name: unknown): { text: string; detail: string } {
  const who =
    extension === SOMEBODY ? 'An extension that VS Code does not name' : `The extension ${extension}`;
  const called = typeof name === 'string' && extension !== SOMEBODY ? shortened(name) : '';
  const detail = [called && `It calls itself “${called}”.`, WHAT_IT_MEANS].filter(Boolean).join('\n\n');
  return { text: `${who} wants to use the models that you are signed in to with pi`, detail };
}

/** One line, of characters that are seen and that turn nothing round */
function shortened(name: string): string {
  const line = name.replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim();
  const characters = [...line];
  return characters.length <= LONGEST_NAME ? line : `${characters.slice(0, LONGEST_NAME).join('')}…`;
}

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
    // It would be a yes to everybody, for good.
    if (isAllowed && id !== SOMEBODY) this.#asked.kept.set([...this.#asked.kept.get(), id]);
    return isAllowed;
  }
}
