// The one sign-in: which provider, by which way, and then a box or a code until the server says that it is over.
// In: perhaps a provider and a method. Out: whether somebody is signed in now; whatever else happened is said to the
// person with what helps. Every command, view and link leads here.
// One flow is on the screen at a time; codes that are entered elsewhere go on beside it, one for each provider.
// Never here: a token; codes and keys pass through to the server and are kept nowhere.
import { commands, env, UIKind, window } from 'vscode';
import type { LoginAttempt, LoginStartParams, Provider } from '../protocol.ts';
import { type Pi, PiError } from '../server/pi.ts';
import type { Accounts } from './accounts.ts';
import { ask } from './ask.ts';
import { cancel } from './attempt.ts';
import { choose } from './choose.ts';
import { Desk, isLeft, type Left } from './desk.ts';
import { type DeviceWait, waitForDevice } from './deviceCode.ts';
import {
  attemptEnding,
  type Ending,
  failureEnding,
  isAboutDomain,
  type OfferKind,
  sentenceInPlace,
  signedInText,
} from './endings.ts';
import { type BrowserPlace, methodItems, providerItems } from './items.ts';
import { pasteCode } from './pasteCode.ts';

export interface Wish {
  readonly provider?: string;
  readonly method?: string;
}

export interface SignIns {
  signIn(wish?: Wish): Promise<boolean>;
  /** Brings the code of a sign-in that waits to the front. */
  showCode(providerId: string): void;
}

interface Flow {
  readonly desk: Desk;
  readonly wish: Wish;
  readonly done: Promise<boolean>;
}

interface Target {
  readonly provider: Provider;
  readonly desk: Desk;
  /** Whether there is a list to go back to */
  readonly hasBack: boolean;
}

type Outcome = LoginAttempt | Left;

/** For providers that a company may have at an address of its own. */
const DOMAIN_PROMPTS: Record<string, string> = {
  'github-copilot': 'GitHub Enterprise domain; leave empty for github.com, also for Enterprise Managed Users',
};

export function createSignIns(pi: Pi, accounts: Accounts): SignIns {
  const waits = new Map<string, DeviceWait & { readonly done: Promise<boolean> }>();
  let onScreen: Flow | null = null;

  function signIn(wish: Wish = {}): Promise<boolean> {
    const waiting = wish.provider && !wish.method ? waits.get(wish.provider) : undefined;
    if (waiting) {
      waiting.showCode();
      return waiting.done;
    }
    if (onScreen && suits(onScreen.wish, wish)) {
      onScreen.desk.focus();
      return onScreen.done;
    }
    onScreen?.desk.close();
    const desk = new Desk();
    const done = run(desk, wish);
    const flow: Flow = { desk, wish, done };
    onScreen = flow;
    void done.finally(() => leaveScreen(desk));
    return done;
  }

  function leaveScreen(desk: Desk): void {
    if (onScreen?.desk === desk) onScreen = null;
  }

  async function run(desk: Desk, wish: Wish): Promise<boolean> {
    try {
      const provider = wish.provider ? await named(wish.provider) : null;
      if (provider) return (await conclude({ provider, desk, hasBack: false }, wish.method)) === true;
      for (;;) {
        const chosen = await chooseProvider(desk);
        if (isLeft(chosen)) return false;
        const outcome = await conclude({ provider: chosen, desk, hasBack: true }, undefined);
        if (outcome !== 'back') return outcome;
      }
    } catch (error) {
      report(failureEnding(dataOf(error)), wish);
      return false;
    }
  }

  /** The provider with this id; a sign-in that others ask for may come before anybody asked the server. */
  async function named(id: string): Promise<Provider> {
    const known = accounts.find(id) ?? (await accounts.refresh()).find((provider) => provider.id === id);
    if (known) return known;
    const names = accounts.providers.map((provider) => provider.id).join(', ');
    const message = `No provider is called ${id}; there are: ${names}`;
    throw new PiError({ code: 'unknown_provider', message, retryable: false });
  }

  async function chooseProvider(desk: Desk): Promise<Provider | Left> {
    const items = () => providerItems(accounts.providers, Date.now());
    const chosen = await choose(desk, {
      title: 'Sign In',
      step: 1,
      placeholder: 'Choose whose models you want to use',
      items: items(),
      keyOf: (item) => item.provider.id,
      load: () => accounts.refresh(),
      watch: (setItems) => accounts.onDidChange(() => setItems(items())),
    });
    return isLeft(chosen) ? chosen : chosen.provider;
  }

  /** `true` and `false` are the end of the flow. */
  async function conclude(target: Target, method: string | undefined): Promise<boolean | 'back'> {
    const { provider } = target;
    const waiting = waits.get(provider.id);
    if (waiting) {
      waiting.showCode();
      leaveScreen(target.desk);
      return waiting.done;
    }
    const wish: Wish = { provider: provider.id, ...(method ? { method } : {}) };
    try {
      const outcome = await byWay(target, method);
      return isLeft(outcome) ? outcome === 'back' && 'back' : ended(outcome, wish, provider);
    } catch (error) {
      report(failureEnding(dataOf(error)), wish);
      return false;
    }
  }

  async function byWay(target: Target, method: string | undefined): Promise<Outcome> {
    const methods = target.provider.loginMethods;
    const only = methods.find(({ id }) => id === method) ?? (methods.length === 1 ? methods[0] : undefined);
    if (only) return signInBy(target, only.id, target.hasBack);
    for (;;) {
      const chosen = await choose(target.desk, {
        title: `Sign In to ${target.provider.name}`,
        step: 2,
        placeholder: `How do you want to sign in to ${target.provider.name}?`,
        hasBack: target.hasBack,
        items: methodItems(methods, browserPlace()),
      });
      if (isLeft(chosen)) return chosen;
      const outcome = await signInBy(target, chosen.method.id, true);
      if (outcome !== 'back') return outcome;
    }
  }

  async function signInBy(target: Target, method: string, hasBack: boolean): Promise<Outcome> {
    const { provider, desk } = target;
    if (method === 'apiKey') return askKey(target, hasBack);
    const params = { provider: provider.id, method };
    const attempt = DOMAIN_PROMPTS[provider.id]
      ? await askDomain(target, params, hasBack)
      : await pi.request('pi/login/start', params);
    if (isLeft(attempt)) return attempt;
    return attended(target, attempt, `Sign In to ${provider.name}`, desk);
  }

  /** What the person does now, by the kind of step. */
  async function attended(
    target: Target,
    attempt: LoginAttempt,
    title: string,
    desk: Desk,
  ): Promise<Outcome> {
    const { step } = attempt;
    if (!step) return attempt;
    accounts.setSigningIn(true);
    try {
      switch (step.type) {
        case 'pasteCode':
        case 'browser':
          return await pasteCode(pi, desk, attempt, step, title);
        case 'deviceCode':
          return await deviceCode(target, attempt, waitForDevice(pi, attempt, step, target.provider));
      }
    } finally {
      accounts.setSigningIn(false);
    }
  }

  async function deviceCode(target: Target, attempt: LoginAttempt, wait: DeviceWait): Promise<LoginAttempt> {
    leaveScreen(target.desk);
    const done = wait.ended.then(
      ({ state }) => state === 'succeeded',
      () => false,
    );
    waits.set(attempt.provider, { ...wait, done });
    wait.showCode();
    try {
      return await wait.ended;
    } finally {
      waits.delete(attempt.provider);
    }
  }

  function askDomain(target: Target, params: LoginStartParams, hasBack: boolean): Promise<Outcome> {
    return ask<LoginAttempt>(target.desk, {
      title: `Sign In to ${target.provider.name}`,
      step: 2,
      prompt: DOMAIN_PROMPTS[target.provider.id] ?? '',
      placeholder: 'company.ghe.com',
      hasBack,
      checking: 'Asking for a code…',
      submit: (text, token) =>
        pi.request(
          'pi/login/start',
          text.trim() ? { ...params, enterpriseDomain: text.trim() } : params,
          token,
        ),
      problemInPlace: (error, text) =>
        isAboutDomain(error.data, text.trim()) ? sentenceInPlace(error.data) : null,
      discard: (late) => void cancel(pi, late),
    });
  }

  function askKey(target: Target, hasBack: boolean): Promise<Outcome> {
    return ask<LoginAttempt>(target.desk, {
      title: `Sign In to ${target.provider.name}`,
      step: 2,
      prompt: 'Paste an API key; it is stored in a file that only you can read',
      placeholder: 'API key',
      isSecret: true,
      hasBack,
      emptyProblem: 'Nothing was pasted yet',
      checking: 'Storing the key…',
      submit: (text) =>
        pi.request('pi/login/start', {
          provider: target.provider.id,
          method: 'apiKey',
          apiKey: text.replaceAll(/\s/g, ''),
        }),
      problemInPlace: (error) =>
        error.code === 'invalid_params' || error.data.retryable ? sentenceInPlace(error.data) : null,
    });
  }

  function ended(attempt: LoginAttempt, wish: Wish, provider: Provider): boolean {
    if (attempt.state !== 'succeeded') {
      report(attemptEnding(attempt, provider.name), wish);
      return false;
    }
    // `pi/auth/changed` came before the answer that ended it.
    const now = accounts.find(provider.id) ?? provider;
    void window.showInformationMessage(signedInText(now, attempt.account));
    return true;
  }

  /** One message, and what helps as its button. */
  function report(ending: Ending | null, wish: Wish): void {
    if (!ending) return;
    const { severity, text, offer } = ending;
    const offers: Record<OfferKind, () => unknown> = {
      login: () => signIn(wish.provider ? { provider: wish.provider } : {}),
      apiKey: () => signIn({ ...wish, method: 'apiKey' }),
      retry: () => signIn(wish),
      chooseModel: () => commands.executeCommand('pi.chooseModel'),
    };
    const show = {
      information: window.showInformationMessage,
      warning: window.showWarningMessage,
      error: window.showErrorMessage,
    };
    void show[severity](text, ...(offer ? [offer.label] : [])).then((chosen) => {
      if (offer && chosen) offers[offer.kind]();
    });
  }

  return { signIn, showCode: (providerId) => waits.get(providerId)?.showCode() };
}

/** A flow that is on the screen already does what is wished; which provider may still be open in it. */
function suits(flow: Wish, wish: Wish): boolean {
  return (wish.provider ?? flow.provider) === flow.provider && wish.method === flow.method;
}

function browserPlace(): BrowserPlace {
  return env.uiKind === UIKind.Desktop && env.remoteName === undefined ? 'here' : 'elsewhere';
}

function dataOf(error: unknown): { code: string; message: string; action?: string } {
  return error instanceof PiError ? error.data : { code: 'internal', message: String(error) };
}
