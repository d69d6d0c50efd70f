// The one sign-in, to which every command, view and link leads.
// In: perhaps a provider and a method. Out: whether somebody is signed in now; whatever else happened is said to the
// person with what helps. One flow is on the screen at a time; those that wait for a code go on beside it, one for each
// provider. Never here: a token, a code, a key.
import { commands } from 'vscode';
import type { DeviceCodeStep, LoginAttempt, Provider } from '../protocol.ts';
import { sayError, sayInfo, sayWarning } from '../say.ts';
import { type Pi, PiError } from '../server/pi.ts';
import type { Accounts } from './accounts.ts';
import { beside, linkTo, timeLeft } from './beside.ts';
import { choose } from './choose.ts';
import { Desk, isLeft, type Left } from './desk.ts';
import { waitForDevice } from './deviceCode.ts';
import {
  attemptEnding,
  type Ending,
  type OfferKind,
  signedInText,
  signInFailure,
  unknownProviderText,
} from './endings.ts';
import { providerItems } from './items.ts';
import { type Means, signInTo, type Target } from './ways.ts';
import type { Wish } from './wish.ts';

export interface SignIns {
  /** `leftScreen` is called once the person works on with something else while it goes on or gives way. */
  signIn(wish?: Wish, leftScreen?: () => void): Promise<boolean>;
  /** Brings a sign-in that waits to the front. */
  show(providerId: string): void;
}

/** What is on the screen, and what it is about by now. */
interface Flow {
  readonly desk: Desk;
  readonly wish: Wish;
  readonly done: Promise<boolean>;
  /** Told when it leaves the screen before it is done */
  readonly hearers: readonly (() => void)[];
}

interface Waiting {
  show(): void;
  readonly done: Promise<boolean>;
}

export function createSignIns(pi: Pi, accounts: Accounts): SignIns {
  const waits = new Map<string, Waiting>();
  let onScreen: Flow | null = null;
  const means: Means = {
    pi,
    setSigningIn: (on) => accounts.setSigningIn(on),
    waitForDevice: (target, attempt, step) => waitBeside(target, attempt, step),
    waitAside: (target, attempt, ended) => waitAside(target, attempt, ended),
  };

  function signIn(wish: Wish = {}, leftScreen: () => void = () => undefined): Promise<boolean> {
    const waiting = wish.provider && !wish.method ? waits.get(wish.provider) : undefined;
    if (waiting) {
      leftScreen();
      return shown(waiting);
    }
    if (onScreen && suits(onScreen.wish, wish)) {
      onScreen = { ...onScreen, hearers: [...onScreen.hearers, leftScreen] };
      onScreen.desk.focus();
      return onScreen.done;
    }
    const before = onScreen?.desk;
    if (before) giveWay(before);
    before?.close();
    const desk = new Desk();
    const done = run(desk, wish);
    onScreen = { desk, wish, done, hearers: [leftScreen] };
    void done.finally(() => leaveScreen(desk));
    return done;
  }

  async function run(desk: Desk, wish: Wish): Promise<boolean> {
    try {
      const provider = wish.provider ? await named(wish.provider) : null;
      if (provider) return (await conclude({ provider, desk, hasBack: false }, wish.method)) === true;
      for (;;) {
        nowAbout(desk, wish);
        const chosen = await chooseProvider(accounts, desk);
        if (isLeft(chosen)) return false;
        const outcome = await conclude({ provider: chosen, desk, hasBack: true }, wish.method);
        if (outcome !== 'back') return outcome;
      }
    } catch (error) {
      report(signInFailure(error), wish);
      return false;
    }
  }

  /** The provider with this id; others may ask for a sign-in before anybody asked the server. */
  async function named(id: string): Promise<Provider> {
    const known = accounts.find(id) ?? (await accounts.refresh()).find((provider) => provider.id === id);
    if (known) return known;
    const message = unknownProviderText(id, accounts.providers);
    throw new PiError({ code: 'unknown_provider', message, retryable: false });
  }

  /** `true` and `false` are the end of the flow. */
  async function conclude(target: Target, method: string | undefined): Promise<boolean | 'back'> {
    const { provider, desk } = target;
    // A key is another way in; every other way is the one that waits already.
    const waiting = method === 'apiKey' ? undefined : waits.get(provider.id);
    if (waiting) {
      giveWay(desk);
      return shown(waiting);
    }
    const wish: Wish = { provider: provider.id, ...(method ? { method } : {}) };
    nowAbout(desk, wish);
    try {
      const outcome = await signInTo(means, target, method);
      return isLeft(outcome) ? outcome === 'back' && 'back' : ended(outcome, wish, provider);
    } catch (error) {
      report(signInFailure(error), wish);
      return false;
    }
  }

  async function waitBeside(
    target: Target,
    attempt: LoginAttempt,
    step: DeviceCodeStep,
  ): Promise<LoginAttempt> {
    giveWay(target.desk);
    const wait = waitForDevice(pi, attempt, step, target.provider);
    const done = wait.ended.then(
      ({ state }) => state === 'succeeded',
      () => false,
    );
    wait.show();
    return waitingFor(target.provider, { show: wait.show, done }, wait.ended);
  }

  /** The flow that was on the screen waits, and comes back when the person says so. */
  async function waitAside(
    target: Target,
    attempt: LoginAttempt,
    ended: Promise<LoginAttempt>,
  ): Promise<LoginAttempt | 'goOn'> {
    const flow = onScreen;
    giveWay(target.desk);
    let goOn: () => void = () => undefined;
    const going = new Promise<'goOn'>((resolve) => {
      goOn = () => resolve('goOn');
    });
    const { provider } = target;
    const line = () => [`waiting for its code, ${timeLeft(attempt)}. `, linkTo(provider, 'Go on')];
    const over = beside(pi, attempt, provider, line, Promise.race([ended, going]));
    const waiting = { show: goOn, done: flow?.done ?? Promise.resolve(false) };
    const outcome = await waitingFor(provider, waiting, over);
    if (outcome !== 'goOn') return outcome;
    onScreen?.desk.close();
    onScreen = flow;
    return outcome;
  }

  async function waitingFor<T>({ id }: Provider, waiting: Waiting, over: Thenable<T>): Promise<T> {
    waits.set(id, waiting);
    try {
      return await over;
    } finally {
      waits.delete(id);
    }
  }

  function shown(waiting: Waiting): Promise<boolean> {
    waiting.show();
    return waiting.done;
  }

  function nowAbout(desk: Desk, wish: Wish): void {
    if (onScreen?.desk === desk) onScreen = { ...onScreen, wish };
  }

  /** It goes on beside, or another takes its place: whoever asked for it must not come back to the screen after it. */
  function giveWay(desk: Desk): void {
    const hearers = onScreen?.desk === desk ? onScreen.hearers : [];
    leaveScreen(desk);
    for (const tell of hearers) tell();
  }

  function leaveScreen(desk: Desk): void {
    if (onScreen?.desk === desk) onScreen = null;
  }

  function ended(attempt: LoginAttempt, wish: Wish, provider: Provider): boolean {
    if (attempt.state !== 'succeeded') {
      report(attemptEnding(attempt, provider.name), wish);
      return false;
    }
    // `pi/auth/changed` came before the answer that ended it.
    const now = accounts.find(provider.id) ?? provider;
    void sayInfo(signedInText(now, attempt.account));
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
    void SAY[severity](text, ...(offer ? [offer.label] : [])).then((chosen) => {
      if (offer && chosen) offers[offer.kind]();
    });
  }

  return { signIn, show: (providerId) => waits.get(providerId)?.show() };
}

const SAY = { information: sayInfo, warning: sayWarning, error: sayError };

async function chooseProvider(accounts: Accounts, desk: Desk): Promise<Provider | Left> {
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

/** A flow that is on the screen already does what is wished; which provider may still be open in it. */
function suits(flow: Wish, wish: Wish): boolean {
  return (wish.provider ?? flow.provider) === flow.provider && wish.method === flow.method;
}
