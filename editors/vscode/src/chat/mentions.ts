// Words of a prompt that name a file: `@src/x.py`, `@src/x.py:10-20`. Pure: whether there is such a file, others say.
// In: a prompt. Out: what is named, in order, each once. Never here: reading anything.

export interface Mention {
  readonly path: string;
  /** Lines, counted from 1 */
  readonly first?: number;
  readonly last?: number;
}

const LIMIT = 20;
const WORD = /(?:^|[\s(])@([^\s@]+)/g;
const PLACE = /^(.*?)(?::(\d+)(?:-(\d+))?)?$/;

/** Each word as it stands, and without the punctuation behind it: a sentence may end with a name. */
export function mentionsOf(prompt: string): Mention[][] {
  const words = [...new Set([...prompt.matchAll(WORD)].map((match) => match[1] ?? ''))];
  return words.slice(0, LIMIT).map((word) => {
    const bare = word.replace(/[.,;:!?)\]}'"]+$/, '');
    return [...new Set([word, bare])].filter(Boolean).map(mentionOf);
  });
}

/** `src/x.py:12-20` → a path and lines. */
export function mentionOf(word: string): Mention {
  const [, path = word, first, last] = PLACE.exec(word) ?? [];
  if (first === undefined) return { path };
  return { path, first: Number(first), last: Number(last ?? first) };
}
