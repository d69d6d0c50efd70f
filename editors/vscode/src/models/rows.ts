// What the model picker shows, line by line. In: what is known. Out: rows, each with an id that stays the same while
// the list changes under it. Never here: an editor.
import type { Model } from '../protocol.ts';
import { isModelId } from './choice.ts';
import { description, detail, obstacle, phrase, providerOf, remedy } from './describe.ts';

export interface Known {
  readonly models: readonly Model[];
  /** Of the providers, by id */
  readonly names: Readonly<Record<string, string>>;
  readonly current: string | undefined;
  readonly recent: readonly string[];
  /** Whether the server has answered: before that, a model that is not in the list says nothing */
  readonly answered: boolean;
}

export type Row =
  | { readonly type: 'group'; readonly label: string }
  | {
      readonly type: 'model';
      readonly id: string;
      readonly label: string;
      readonly description: string;
      readonly detail: string;
    }
  /** An id that no list has, to be sent as it is */
  | { readonly type: 'given'; readonly id: string; readonly label: string; readonly detail: string }
  /** While nothing is known */
  | { readonly type: 'waiting'; readonly label: string; readonly detail: string }
  /** Why there is nothing to show, with what helps */
  | { readonly type: 'problem'; readonly command: string; readonly label: string; readonly detail: string };

export const WAITING: Row = {
  type: 'waiting',
  label: '$(loading~spin) Asking the server which models there are…',
  detail: '',
};

/** Recently used ones, then each provider's: what can be used in the server's order, then the rest. */
export function rowsOf(known: Known, typed: string): Row[] {
  const byId = new Map(known.models.map((model) => [model.id, model]));
  const top = onTop(known, byId);
  const rest = known.models.filter((model) => !top.includes(model.id));
  return [
    ...grouped(
      'Recently used',
      top.map((id) => rowOf(known, id, byId.get(id))),
    ),
    ...providersOf(rest).flatMap((provider) =>
      grouped(
        known.names[provider] ?? provider,
        usableFirst(rest.filter((model) => model.provider === provider)).map((model) =>
          rowOf(known, model.id, model),
        ),
      ),
    ),
    ...asGiven(known, typed, byId, top),
  ];
}

/** What stands for a list that could not be had. */
export function problemRow(message: string, help: { command: string; label: string }): Row {
  return { type: 'problem', command: help.command, label: `$(error) ${message}`, detail: help.label };
}

// The one in use belongs here also when it was never picked. One that cannot be used stands with its provider.
function onTop(known: Known, byId: ReadonlyMap<string, Model>): string[] {
  const { current, recent } = known;
  const ids = current === undefined || recent.includes(current) ? recent : [current, ...recent];
  return ids.filter((id) => byId.get(id)?.available ?? true);
}

function rowOf(known: Known, id: string, model: Model | undefined): Row {
  const isCurrent = id === known.current;
  // A screen reader does not say the mark, so a word stands for it as well.
  const shown = { id, label: `${isCurrent ? '$(check) ' : ''}${model?.name ?? id}` };
  const now = isCurrent && 'current';
  if (!model) {
    const where = known.names[providerOf(id)] ?? providerOf(id);
    const unlisted = known.answered && `not in the list of ${where}`;
    return { type: 'model', ...shown, description: phrase([now, unlisted]), detail: id };
  }
  if (model.available)
    return {
      type: 'model',
      ...shown,
      description: phrase([now, description(model)]),
      detail: detail(model),
    };
  return {
    type: 'model',
    id,
    label: `$(circle-slash) ${model.name}`,
    description: phrase([now, obstacle(model), description(model)]),
    detail: phrase([remedy(model), detail(model)]),
  };
}

// Last, so that what is typed to search for something is not taken for a name.
function asGiven(
  known: Known,
  typed: string,
  byId: ReadonlyMap<string, Model>,
  top: readonly string[],
): Row[] {
  const id = typed.trim();
  const providers = [...Object.keys(known.names), ...known.models.map(({ provider }) => provider)];
  const isKnown = providers.length === 0 || providers.includes(providerOf(id));
  if (!isModelId(id) || !isKnown || byId.has(id) || top.includes(id)) return [];
  return [
    {
      type: 'given',
      id,
      label: `Use “${id}” as given`,
      detail: 'Sent as it is; the provider says whether it has such a model',
    },
  ];
}

// Those that can be used come first: nobody wants to scroll past twenty models of somebody else's plan.
function providersOf(models: readonly Model[]): string[] {
  return [...new Set(usableFirst(models).map(({ provider }) => provider))];
}

function usableFirst(models: readonly Model[]): Model[] {
  return [...models.filter((model) => model.available), ...models.filter((model) => !model.available)];
}

function grouped(label: string, rows: readonly Row[]): Row[] {
  return rows.length ? [{ type: 'group', label }, ...rows] : [];
}
