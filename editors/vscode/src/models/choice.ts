// Which model is chosen, where several places say so. In: what each place remembers. Out: the one that counts.
// Pure, and never depends on the list of models: a list that is empty for a moment must not undo a choice.

/** Models that the picker keeps on top */
export const RECENT = 5;

export interface Choices {
  readonly workspace: string | undefined;
  readonly setting: string;
  readonly last: string | undefined;
}

/** undefined leaves it to the server. */
export function chosenOf({ workspace, setting, last }: Choices): string | undefined {
  return workspace || setting || last || undefined;
}

/** The newest first. */
export function withRecent(recent: readonly string[], id: string): string[] {
  return [id, ...recent.filter((other) => other !== id)].slice(0, RECENT);
}

/** Whether it can be sent as a model: a provider, a slash, and what the provider calls it. */
export function isModelId(text: string): boolean {
  return /^[^\s/]+\/\S+$/.test(text) && text.length <= 200;
}

export type Levels = Readonly<Record<string, string>>;

/** The levels with this one for the model; null is the provider's default, for which nothing is kept. */
export function withLevel(levels: Levels, id: string, level: string | null): Levels {
  const { [id]: _, ...others } = levels;
  return level === null ? others : { ...others, [id]: level };
}
