// The frame around a transcript, from what is known. Pure: values in, a Header out.
import type { Model, Usage } from '../protocol.ts';
import type { Header } from './messages.ts';
import { inputOf, tokens, usageText } from './numbers.ts';

export interface Known {
  readonly title: string;
  /** What will answer next: the chosen one, else what answered last */
  readonly modelId: string | undefined;
  readonly model: Model | undefined;
  /** Of the models that answer in it */
  readonly names: NonNullable<Header['names']>;
  readonly account: string | null;
  /** Of the last turn that had one */
  readonly usage: Usage | undefined;
  readonly server: Header['server'];
  readonly auth: Header['auth'];
  readonly notice: Header['notice'];
  readonly sendWith: Header['sendWith'];
}

export function headerOf(known: Known): Header {
  return {
    title: known.title,
    model: known.model?.name ?? known.modelId ?? null,
    names: known.names,
    account: known.account,
    ...contextOf(known.usage, known.model?.contextWindow ?? 0),
    server: known.server,
    auth: known.auth,
    notice: known.notice,
    sendWith: known.sendWith,
  };
}

/** What models are called, as far as that is known. */
export function namesOf(
  ids: Iterable<string | undefined>,
  nameOf: (id: string) => string | undefined,
): Record<string, string> {
  const named = [...new Set(ids)].map((id) => [id, id === undefined ? undefined : nameOf(id)]);
  return Object.fromEntries(named.filter(([, name]) => name !== undefined));
}

function contextOf(usage: Usage | undefined, window: number): Pick<Header, 'contextFill' | 'contextDetail'> {
  const used = usage ? inputOf(usage) + usage.outputTokens : 0;
  if (!usage || !used) return { contextFill: null, contextDetail: '' };
  if (window <= 0) return { contextFill: null, contextDetail: usageText(usage) };
  const fill = Math.min(used / window, 1);
  const share = `context ${Math.round(fill * 100)}% of ${tokens(window)}`;
  return { contextFill: fill, contextDetail: `${usageText(usage)} · ${share}` };
}
