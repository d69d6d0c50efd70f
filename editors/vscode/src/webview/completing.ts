// Completion of `@file` and `/command` while one types. In: the field, and what the extension found. Out: a list;
// FromView `complete`, and `attach` for a file that is taken, which leaves the prompt and becomes a chip.
import type { Completion } from '../chat/messages.ts';
import type { PromptField } from './field.ts';
import type { Host } from './host.ts';
import { type Suggestion, type Suggestions, suggestions } from './suggestions.ts';
import { COMMANDS, type Command, commandsFor, type Trigger, triggerAt } from './triggers.ts';

export interface Completing {
  readonly list: Suggestions;
  /** What the extension found for a query; too late when another is typed by now */
  found(query: string, items: readonly Completion[]): void;
  /** Whether what stands there is a whole command, which Enter then sends */
  isExact(): boolean;
}

export function completing(host: Host, field: PromptField): Completing {
  const list = suggestions(field.element, host.say);
  let trigger: Trigger | undefined;

  const take = (text: string) => {
    if (trigger) field.replace(trigger.from, trigger.to, text);
    list.close();
  };

  const commandSuggestion = ({ name, about }: Command): Suggestion => ({
    label: name,
    detail: about,
    take: () => take(name),
  });

  const fileSuggestion = ({ uri, label, detail }: Completion): Suggestion => ({
    label,
    detail,
    take: () => {
      take('');
      host.post({ type: 'attach', uris: [uri] });
    },
  });

  field.onChange(() => {
    const before = trigger?.kind === 'file' ? trigger.query : undefined;
    trigger = triggerAt(field.element.value, field.element.selectionStart);
    if (trigger?.kind === 'command') return list.show(commandsFor(trigger.query).map(commandSuggestion));
    if (trigger === undefined || before === undefined) list.close();
    if (trigger && trigger.query !== before) host.post({ type: 'complete', query: trigger.query });
  });
  field.element.addEventListener('blur', list.close);

  return {
    list,
    found: (query, items) => {
      if (trigger?.kind !== 'file' || trigger.query !== query) return;
      if (items.length === 0) list.none('No file matches');
      else list.show(items.map(fileSuggestion));
    },
    isExact: () => COMMANDS.some(({ name }) => name === field.element.value),
  };
}
