// A model's terms, for a dialogue that shows plain text. In: a model that waits for a yes. Out: a question and what the
// provider says, with its Markdown links as readable addresses. Pure.
import type { Model } from '../protocol.ts';

const NO_TERMS = 'The provider sent no text of them; look for it in your account’s settings there.';

export function termsOf(model: Model): { message: string; detail: string } {
  return {
    message: `The provider wants its terms for ${model.name} accepted first`,
    detail: (model.policy?.terms ?? NO_TERMS).replace(/\[([^\]]*)\]\((https:[^)\s]+)\)/g, '$1 ($2)'),
  };
}

/** Only `https`: it is the provider's text, and is opened by a click. */
export function firstLink(text: string): string | undefined {
  return /https:\/\/[^\s)<>"]+[^\s)<>".,;:!?]/.exec(text)?.[0];
}
