// What is being typed that can be completed: `@file` anywhere, `/command` as the whole prompt. Pure.
// In: the prompt and the caret. Out: where the word stands. Never here: what there is to choose.

export interface Trigger {
  readonly kind: 'file' | 'command';
  /** Without its mark */
  readonly query: string;
  readonly from: number;
  readonly to: number;
}

export interface Command {
  readonly name: string;
  readonly about: string;
}

/** They are sent as they are; the extension does what they say. */
export const COMMANDS: readonly Command[] = [
  { name: '/login', about: 'Sign in to a provider' },
  { name: '/logout', about: 'Sign out of a provider' },
  { name: '/model', about: 'Choose a model' },
  { name: '/new', about: 'Begin a new chat' },
];

export function triggerAt(text: string, caret: number): Trigger | undefined {
  const before = text.slice(0, caret);
  const file = /(?:^|[\s(])@([^\s@]*)$/.exec(before)?.[1];
  if (file !== undefined) return { kind: 'file', query: file, from: caret - file.length - 1, to: caret };
  const command = /^\/([a-z]*)$/.exec(before)?.[1];
  const alone = command !== undefined && /^\s*$/.test(text.slice(caret));
  return alone ? { kind: 'command', query: command, from: 0, to: caret } : undefined;
}

export function commandsFor(query: string): readonly Command[] {
  return COMMANDS.filter((command) => command.name.startsWith(`/${query}`));
}
