// The ways to sign in to one provider: the list of them where there are several, then what each one asks.
// In: a provider, perhaps a method. Out: an attempt that has ended, or how the person left.
// Never here: which provider; what is said afterwards; a code or a key but on its way to the server.
import { env, UIKind } from 'vscode';
import type { DeviceCodeStep, LoginAttempt, LoginStartParams, Provider } from '../protocol.ts';
import type { Pi } from '../server/pi.ts';
import { ask } from './ask.ts';
import { cancel } from './attempt.ts';
import { choose } from './choose.ts';
import { type Desk, isLeft, type Left } from './desk.ts';
import { isAboutDomain, sentenceInPlace } from './endings.ts';
import { type BrowserPlace, methodItems } from './items.ts';
import { pasteCode } from './pasteCode.ts';
import { handled } from './steps.ts';

export interface Target {
  readonly provider: Provider;
  readonly desk: Desk;
  /** Whether there is a list to go back to */
  readonly hasBack: boolean;
}

export type Outcome = LoginAttempt | Left;

export interface Means {
  readonly pi: Pi;
  /** Shows the code of an attempt that goes on beside everything else, until it has ended */
  waitForDevice(target: Target, attempt: LoginAttempt, step: DeviceCodeStep): Promise<LoginAttempt>;
  /** Shows that an attempt waits for its code, until it has ended or the person goes on with it */
  waitAside(
    target: Target,
    attempt: LoginAttempt,
    ended: Promise<LoginAttempt>,
  ): Promise<LoginAttempt | 'goOn'>;
  /** Told while there is an open attempt */
  setSigningIn(on: boolean): void;
}

/** For providers that a company may have at an address of its own. */
const DOMAIN_PROMPTS: Readonly<Record<string, string>> = {
  'github-copilot': 'GitHub Enterprise domain; leave empty for github.com, also for Enterprise Managed Users',
};

export async function signInTo(means: Means, target: Target, method: string | undefined): Promise<Outcome> {
  const methods = target.provider.loginMethods;
  const only = methods.find(({ id }) => id === method) ?? (methods.length === 1 ? methods[0] : undefined);
  if (only) return signInBy(means, target, only.id);
  for (;;) {
    const chosen = await choose(target.desk, {
      title: titleOf(target),
      step: 2,
      placeholder: `How do you want to sign in to ${target.provider.name}?`,
      hasBack: target.hasBack,
      items: methodItems(methods, browserPlace()),
    });
    if (isLeft(chosen)) return chosen;
    const outcome = await signInBy(means, { ...target, hasBack: true }, chosen.method.id);
    if (outcome !== 'back') return outcome;
  }
}

async function signInBy(means: Means, target: Target, method: string): Promise<Outcome> {
  if (method === 'apiKey') return askKey(means, target);
  const begun = await begin(means, target, { provider: target.provider.id, method });
  return isLeft(begun) ? begun : attend(means, target, begun);
}

async function begin(means: Means, target: Target, params: LoginStartParams): Promise<Outcome> {
  const domainPrompt = DOMAIN_PROMPTS[target.provider.id];
  if (domainPrompt) return askDomain(means, target, params, domainPrompt);
  const attempt = await means.pi.request('pi/login/start', params);
  if (!target.desk.isClosed) return attempt;
  await cancel(means.pi, attempt);
  return 'left';
}

async function attend(means: Means, target: Target, attempt: LoginAttempt): Promise<Outcome> {
  const { step } = attempt;
  if (!step) return attempt;
  means.setSigningIn(true);
  try {
    return await handled<Outcome>(step, {
      pasted: (pasteStep) =>
        pasteCode(means.pi, target, attempt, pasteStep, titleOf(target), (ended) =>
          means.waitAside(target, attempt, ended),
        ),
      entered: (deviceStep) => means.waitForDevice(target, attempt, deviceStep),
      cancel: () => cancel(means.pi, attempt),
    });
  } finally {
    means.setSigningIn(false);
  }
}

function askDomain(
  { pi }: Means,
  target: Target,
  params: LoginStartParams,
  prompt: string,
): Promise<Outcome> {
  return ask<LoginAttempt>(target.desk, {
    title: titleOf(target),
    step: 2,
    prompt,
    placeholder: 'company.ghe.com',
    hasBack: target.hasBack,
    checking: 'Asking for a code…',
    submit: (text, token) => {
      const domain = text.trim();
      return pi.request('pi/login/start', domain ? { ...params, enterpriseDomain: domain } : params, token);
    },
    problemInPlace: ({ data }, text) => (isAboutDomain(data, text.trim()) ? sentenceInPlace(data) : null),
    discard: (late) => void cancel(pi, late),
  });
}

function askKey({ pi }: Means, target: Target): Promise<Outcome> {
  return ask<LoginAttempt>(target.desk, {
    title: titleOf(target),
    step: 2,
    prompt: 'Paste an API key; it is stored in a file that only you can read',
    placeholder: 'API key',
    isSecret: true,
    hasBack: target.hasBack,
    emptyProblem: 'Nothing was pasted yet',
    checking: 'Storing the key…',
    submit: (text) => {
      const apiKey = text.replaceAll(/\s/g, '');
      return pi.request('pi/login/start', { provider: target.provider.id, method: 'apiKey', apiKey });
    },
    problemInPlace: ({ data }) =>
      data.code === 'invalid_params' || data.retryable ? sentenceInPlace(data) : null,
  });
}

function titleOf({ provider }: Target): string {
  return `Sign In to ${provider.name}`;
}

function browserPlace(): BrowserPlace {
  return env.uiKind === UIKind.Desktop && env.remoteName === undefined ? 'here' : 'elsewhere';
}
