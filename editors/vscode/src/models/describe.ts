// A model in a few words, the same ones in every place that shows it.
// In: a model as `pi/models` tells it. Out: text of what is known, nothing for what is not. Never here: an editor.
import { tokens } from '../chat/numbers.ts';
import type { Model, Provider } from '../protocol.ts';

const REASONS: Readonly<Record<string, string>> = {
  login_required: 'not signed in',
  login_expired: 'sign-in expired',
  model_not_enabled: 'terms not accepted',
  model_disabled: 'disabled',
};

const REMEDIES: Readonly<Record<string, string>> = {
  login_required: 'Sign in to use it',
  login_expired: 'Sign in again to use it',
  model_not_enabled: 'Read its terms and enable it',
};

/** `200k context · $3/$15`: how much it reads and what it costs, in what the provider counts. */
export function description(model: Model): string {
  return phrase([model.contextWindow > 0 && `${tokens(model.contextWindow)} context`, cost(model)]);
}

/** `anthropic/claude-x · vision · tools · reasoning` */
export function detail(model: Model): string {
  return phrase([
    model.id,
    model.input.includes('image') && 'vision',
    model.tools && 'tools',
    model.reasoning && 'reasoning',
  ]);
}

/** Why it cannot be used, in few words; empty when it can. */
export function obstacle(model: Model): string {
  if (model.available) return '';
  const reason = model.unavailableReason;
  return reason ? (REASONS[reason.code] ?? reason.message) : 'not available';
}

/** The same for an id that no list may have: it is sent as it is, but a provider it needs. */
export function obstacleOf(
  id: string | undefined,
  model: Model | undefined,
  providers: readonly Pick<Provider, 'id'>[],
): string {
  if (model) return obstacle(model);
  const isJudged = id !== undefined && providers.length > 0;
  if (!isJudged || providers.some((provider) => provider.id === providerOf(id))) return '';
  return providerOf(id)
    ? `there is no provider ${providerOf(id)}`
    : 'it lacks its provider, as in provider/model';
}

/** What picking it does about that, or the whole reason where nothing can be done from here. */
export function remedy(model: Model): string {
  const reason = model.unavailableReason;
  return reason ? (REMEDIES[reason.code] ?? reason.message) : '';
}

/** `anthropic` of `anthropic/claude-x` */
export function providerOf(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf('/')));
}

/** `claude-x` of `anthropic/claude-x` */
export function nameAtProvider(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}

export function phrase(parts: readonly (string | false | undefined)[]): string {
  return parts.filter(Boolean).join(' · ');
}

function cost(model: Model): string {
  if (model.multiplier !== undefined) return `${rounded(model.multiplier, 6)}x`;
  return model.price ? `$${rounded(model.price.input, 6)}/$${rounded(model.price.output, 6)}` : '';
}

function rounded(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}
