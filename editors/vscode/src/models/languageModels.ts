// Our models in VS Code's own chat, and for other extensions that ask for a language model.
// In: what VS Code asks of a provider. Out: answers of `pi/chat` that nobody keeps. Never here: a prompt, or a server
// started, because somebody looked at the list: that is answered from what was known last.
import { randomUUID } from 'node:crypto';
import {
  CancellationError,
  type CancellationToken,
  commands,
  Disposable,
  type Event,
  EventEmitter,
  extensions,
  LanguageModelError,
  type Memento,
  type Progress,
  workspace,
} from 'vscode';
import type { Accounts } from '../auth/accounts.ts';
import { askModally } from '../say.ts';
import { sentenceOf } from '../server/failures.ts';
import { type Pi, PiError } from '../server/pi.ts';
import { setting } from '../settings.ts';
import { Consent, questionAbout } from './consent.ts';
import {
  languageModelApi,
  type ModelInformation,
  type ModelProvider,
  type RequestMessage,
  type RequestOptions,
} from './languageModelApi.ts';
import type { Models } from './models.ts';
import { estimatedTokens, estimatedTokensOf, offered } from './offered.ts';
import { chatParams, told } from './request.ts';

const SETTING = 'pi.languageModels';
const ALLOWED = 'pi.languageModels.allowed';
const SELF = 'pi-server.pi';

const REFUSED = 'You did not allow this extension to use the models of pi';

type Api = NonNullable<ReturnType<typeof languageModelApi>>;

/** `globalState` keeps who may use them; whoever turns the setting off is asked anew later. */
export function registerLanguageModels(
  pi: Pi,
  accounts: Accounts,
  models: Models,
  globalState: Memento,
): Disposable {
  const api = languageModelApi();
  if (!api) return Disposable.from();
  const consent = consentIn(globalState);
  let registered: Disposable | undefined;
  const follow = () => {
    const isWanted = setting(SETTING);
    if (isWanted && !registered) registered = provide(api, pi, accounts, models, consent);
    if (isWanted) return;
    consent.forget();
    registered?.dispose();
    registered = undefined;
  };
  follow();
  return Disposable.from(
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SETTING)) follow();
    }),
    { dispose: () => registered?.dispose() },
  );
}

function provide(api: Api, pi: Pi, accounts: Accounts, models: Models, consent: Consent): Disposable {
  const provider = new Provider(api, pi, accounts, models, consent);
  return Disposable.from(provider, api.register('pi', provider));
}

function consentIn(globalState: Memento): Consent {
  return new Consent({
    ask: askAbout,
    kept: {
      get: () => globalState.get<readonly string[]>(ALLOWED, []),
      set: (allowed) => void globalState.update(ALLOWED, allowed),
    },
    self: SELF,
  });
}

async function askAbout(extension: string): Promise<boolean> {
  const name: unknown = extensions.getExtension(extension)?.packageJSON?.displayName;
  return (await askModally(questionAbout(extension, name), 'Allow')) === 'Allow';
}

class Provider implements ModelProvider, Disposable {
  readonly #api: Api;
  readonly #pi: Pi;
  readonly #accounts: Accounts;
  readonly #models: Models;
  readonly #consent: Consent;
  readonly #changed = new EventEmitter<void>();
  readonly #listening: Disposable;
  #told = '';
  readonly onDidChangeLanguageModelChatInformation: Event<void> = this.#changed.event;

  constructor(api: Api, pi: Pi, accounts: Accounts, models: Models, consent: Consent) {
    this.#api = api;
    this.#pi = pi;
    this.#accounts = accounts;
    this.#models = models;
    this.#consent = consent;
    this.#told = JSON.stringify(this.#offered());
    // Another choice is no other list.
    this.#listening = models.onDidChange(() => {
      const now = JSON.stringify(this.#offered());
      if (now === this.#told) return;
      this.#told = now;
      this.#changed.fire();
    });
  }

  dispose(): void {
    this.#listening.dispose();
    this.#changed.dispose();
  }

  /** `silent` comes with every start of a window that has a chat, and with every extension that looks around. */
  async provideLanguageModelChatInformation({ silent }: { silent: boolean }): Promise<ModelInformation[]> {
    if (silent) return this.#offered();
    await this.#models.load();
    if (this.#offered().length === 0 && (await commands.executeCommand('pi.signIn')))
      await this.#models.load();
    return this.#offered();
  }

  async provideLanguageModelChatResponse(
    model: ModelInformation,
    messages: readonly RequestMessage[],
    options: RequestOptions,
    progress: Progress<object>,
    token: CancellationToken,
  ): Promise<void> {
    if (!(await this.#consent.allows(options.requestInitiator)))
      throw LanguageModelError.NoPermissions(REFUSED);
    if (token.isCancellationRequested) throw new CancellationError();
    const turn = randomUUID();
    const { TextPart, ToolCallPart } = this.#api;
    // Not joined here: the server joins what comes together, and VS Code what is reported within 30 ms.
    const listening = this.#pi.on('pi/chat/event', ({ turnId, event }) => {
      if (turnId !== turn) return;
      if (event.type === 'text') progress.report(new TextPart(event.delta));
      if (event.type === 'toolCall') progress.report(new ToolCallPart(event.id, event.name, event.input));
    });
    try {
      const params = chatParams({ model: model.id, turn }, messages, options, Date.now());
      await this.#pi.request('pi/chat', params, token);
    } catch (error) {
      throw asLanguageModelError(error);
    } finally {
      listening.dispose();
    }
  }

  async provideTokenCount(_: ModelInformation, text: string | RequestMessage): Promise<number> {
    return typeof text === 'string' ? estimatedTokens(text) : estimatedTokensOf(told(text));
  }

  #offered(): ModelInformation[] {
    const names = Object.fromEntries(this.#accounts.providers.map(({ id, name }) => [id, name]));
    return offered(this.#models.known, names);
  }
}

const KINDS: Readonly<Record<string, (message: string) => LanguageModelError>> = {
  login_required: LanguageModelError.NoPermissions,
  login_expired: LanguageModelError.NoPermissions,
  login_denied: LanguageModelError.NoPermissions,
  credential_not_permitted: LanguageModelError.NoPermissions,
  model_not_enabled: LanguageModelError.NoPermissions,
  model_disabled: LanguageModelError.NoPermissions,
  rate_limited: LanguageModelError.Blocked,
  quota_exceeded: LanguageModelError.Blocked,
  content_filtered: LanguageModelError.Blocked,
  model_not_found: LanguageModelError.NotFound,
  unknown_provider: LanguageModelError.NotFound,
};

// Of any other code VS Code makes an error that has no kind.
function asLanguageModelError(error: unknown): unknown {
  if (!(error instanceof PiError)) return error;
  if (error.code === 'cancelled') return new CancellationError();
  return KINDS[error.code]?.(sentenceOf(error)) ?? error;
}
