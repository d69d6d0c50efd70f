// Numbers and states as people read them, in the words that every editor of this project uses. Pure.
// In: values of the contract. Out: short texts. Never here: a DOM, a clock.

import { endingOf } from '../chat/endings.ts';
import type { FromView, Header, ViewCommand } from '../chat/messages.ts';
import { tokens, usageText } from '../chat/numbers.ts';
import { answerOf, type Turn } from '../chat/transcript.ts';
import type { Failure, Retry } from '../protocol.ts';

/** A sign-in is what one expects; anything else that paid for the answer is said. */
export function sourceText(source: string | undefined): string {
  if (source?.startsWith('env:')) return `${source.slice(4)} from the environment`;
  return source === 'apiKey' ? 'API key' : '';
}

/** What the answer took, and from whom, in one line */
export function usageLine(turn: Turn): string {
  const parts = [
    turn.usage && usageText(turn.usage),
    turn.status === 'ended' && sourceText(turn.credentialSource),
  ];
  return parts.filter(Boolean).join(' · ');
}

export function retryText(retry: Retry, remainingMs: number): string {
  const attempt = `Attempt ${retry.attempt} of ${retry.maxAttempts}`;
  const seconds = Math.ceil(remainingMs / 1000);
  const when = seconds > 0 ? `${attempt} in ${seconds} s` : attempt;
  return `${when}: ${retry.error.message.replace(/\s+/g, ' ')}`;
}

/** Who answers, by the name that the model has now; by its id when it has none any more */
export function answererOf({ model }: Turn, names: Header['names']): string {
  if (!model) return 'Answer';
  return Object.hasOwn(names, model) ? (names[model] ?? model) : model;
}

/** Why the turn ended, where that is not the ordinary way and no error tells it */
export function endingText(turn: Turn): string {
  if (turn.status !== 'ended') return '';
  const known = endingOf(turn.stopReason);
  if (known) return known;
  if (turn.stopReason === 'error') return turn.error ? '' : 'This answer failed';
  return turn.stopReason === 'endTurn' && saysNothing(turn) ? 'The model gave no answer' : '';
}

/** Thoughts alone are none, and what a tool has done is one. */
function saysNothing(turn: Turn): boolean {
  return !turn.items.some((item) => item.type === 'tool') && answerOf(turn).trim() === '';
}

export function lineCount(text: string): number {
  const trimmed = text.trimEnd();
  return trimmed === '' ? 0 : trimmed.split('\n').length;
}

/** `Thinking · 6 lines` */
export function counted(title: string, count: number): string {
  return count === 0 ? title : `${title} · ${count} ${count === 1 ? 'line' : 'lines'}`;
}

export function compactedText(before: number, after: number): string {
  return `Earlier messages were summed up: ${tokens(before)} tokens became ${tokens(after)}`;
}

/** A button, and what it has the extension do: or the same prompt anew */
export interface Offer {
  readonly label: string;
  readonly does: FromView | 'resend';
}

type SignIn = Omit<Extract<FromView, { type: 'signIn' }>, 'method'>;

const OFFERS: Readonly<Record<string, (signIn: SignIn) => Offer>> = {
  login: (signIn) => ({ label: 'Sign in', does: signIn }),
  use_api_key: (signIn) => ({ label: 'Use API key', does: { ...signIn, method: 'apiKey' } }),
  choose_model: () => ({
    label: 'Choose another model',
    does: { type: 'command', command: 'pi.chooseModel' },
  }),
  retry: () => ({ label: 'Try again', does: 'resend' }),
};

/** What a failure's `action` offers; `model` is what was asked. */
export function offerOf(failure: Failure, model?: string): Offer | undefined {
  const provider = failure.provider ?? model?.split('/', 1)[0];
  return OFFERS[failure.action ?? '']?.({ type: 'signIn', ...(provider && { provider }) });
}

/** One sentence above the chat, with the buttons that help */
export interface Banner {
  readonly text: string;
  readonly kind: 'info' | 'warning' | 'error';
  readonly buttons: readonly { readonly label: string; readonly command: ViewCommand }[];
}

const SERVER_BANNERS: Readonly<Partial<Record<Header['server'], Banner>>> = {
  starting: { text: 'The pi server is starting…', kind: 'info', buttons: [] },
  missing: {
    text: 'The pi server is not installed where this window runs',
    kind: 'warning',
    buttons: [
      { label: 'Install the server', command: 'pi.server.install' },
      { label: 'Select it', command: 'pi.server.select' },
    ],
  },
  misconfigured: {
    text: 'The settings keep the pi server from starting',
    kind: 'warning',
    buttons: [
      { label: 'Select the program', command: 'pi.server.select' },
      { label: 'Open settings', command: 'pi.openSettings' },
    ],
  },
  failed: {
    text: 'The pi server does not run',
    kind: 'error',
    buttons: [
      { label: 'Start it again', command: 'pi.server.restart' },
      { label: 'Select the program', command: 'pi.server.select' },
      { label: 'Show log', command: 'pi.showLog' },
    ],
  },
};

const AUTH_BANNERS: Readonly<Partial<Record<Header['auth'], Banner>>> = {
  signedOut: {
    text: 'You are not signed in',
    kind: 'info',
    buttons: [{ label: 'Sign in', command: 'pi.signIn' }],
  },
  expired: {
    text: 'Your sign-in has expired',
    kind: 'warning',
    buttons: [{ label: 'Sign in again', command: 'pi.signIn' }],
  },
};

/** What stands in the way of a chat: without a server nothing else matters. An empty chat offers the sign-in itself. */
export function bannerOf(header: Header, isEmpty: boolean): Banner | undefined {
  return SERVER_BANNERS[header.server] ?? (isEmpty ? undefined : AUTH_BANNERS[header.auth]);
}
