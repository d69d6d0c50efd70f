// Our models as VS Code lists them for its own chat and for other extensions. In: `pi/models`. Out: what its picker
// shows and its selectors go by. Pure.
import type { Model } from '../protocol.ts';
import { description, nameAtProvider, phrase } from './describe.ts';
import type { ModelInformation } from './languageModelApi.ts';

/** The ones that can be used; `names` are those of the providers. */
export function offered(
  models: readonly Model[],
  names: Readonly<Record<string, string>>,
): ModelInformation[] {
  return models
    .filter((model) => model.available)
    .map((model) => {
      const provider = names[model.provider] ?? model.provider;
      const version = nameAtProvider(model.id);
      return {
        id: model.id,
        name: model.name,
        family: familyOf(version),
        version,
        detail: provider,
        tooltip: phrase([`${model.name} of ${provider} through pi`, description(model)]),
        maxInputTokens: roomToAsk(model),
        maxOutputTokens: model.maxOutputTokens,
        capabilities: { imageInput: model.input.includes('image'), toolCalling: model.tools },
      };
    });
}

/** `claude-x` of `claude-x-20260101` and of `vendor/claude-x:free` */
function familyOf(name: string): string {
  return name.replace(/^.*\//, '').replace(/(-\d{8}|-\d{4}-\d{2}-\d{2}|-latest|:[\w-]+)$/, '');
}

// Question and answer share the window. A model that may fill it with its answer alone seldom does.
function roomToAsk({ contextWindow, maxOutputTokens }: Model): number {
  return Math.max(contextWindow - maxOutputTokens, Math.floor(contextWindow / 2));
}

const CHARACTERS_PER_TOKEN = 4;
/** What a picture costs about; providers shrink larger ones to that */
const TOKENS_PER_IMAGE = 1600;
/** For the role and the marks around it */
const TOKENS_PER_MESSAGE = 4;

/** An estimate: no provider gives its tokenizer away, and asking it would be a request for every count. */
export function estimatedTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

export function estimatedTokensOf(counted: { readonly text: string; readonly images: number }): number {
  return TOKENS_PER_MESSAGE + estimatedTokens(counted.text) + counted.images * TOKENS_PER_IMAGE;
}
