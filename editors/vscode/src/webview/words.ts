// Numbers and states as people read them, in the words that every editor of this project uses. Pure.
// In: values of the contract. Out: short texts. Never here: a DOM, a clock.

import type { Header, ViewCommand } from '../chat/messages.ts';
import type { Turn } from '../chat/transcript.ts';
import type { Failure, Retry, Usage } from '../protocol.ts';

/** `950`, `1.83k`, `21k`, `1.05M` */
export function tokens(count: number): string {
  if (count >= 1_000_000) return `${significant(count / 1_000_000, 3)}M`;
  if (count >= 10_000) return `${Math.round(count / 1000)}k`;
  return count >= 1000 ? `${significant(count / 1000, 4)}k` : String(count);
}

export function cost(usd: number): string {
  return `$${usd > 0 && usd < 0.01 ? usd.toFixed(4) : usd.toFixed(2)}`;
}

/** `412 in, 96 out · $0.0022`; empty where nothing was used */
export function usageText(usage: Usage): string {
  const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  if (input + usage.outputTokens === 0) return '';
  const text = `${tokens(input)} in, ${tokens(usage.outputTokens)} out`;
  return usage.costUsd === null ? text : `${text} · ${cost(usage.costUsd)}`;
}

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

// Why it ended, where that is not the ordinary way.
const ENDINGS: Readonly<Record<string, string>> = {
  cancelled: 'Stopped; what had come was kept',
  maxTokens: 'The answer reached the longest that this model gives',
  refusal: 'The model declined to go on',
};

/** Why the turn ended, where that is not the ordinary way and no error tells it */
export function endingText(turn: Turn): string {
  if (turn.status !== 'ended') return '';
  const known = ENDINGS[turn.stopReason ?? ''];
  if (known) return known;
  return turn.stopReason === 'error' && !turn.error ? 'This answer failed' : '';
}

export function lineCount(text: string): number {
  const trimmed = text.replace(/\s+$/, '');
  return trimmed === '' ? 0 : trimmed.split('\n').length;
}

/** `Thinking · 6 lines` */
export function counted(title: string, text: string): string {
  const count = lineCount(text);
  return count === 0 ? title : `${title} · ${count} ${count === 1 ? 'line' : 'lines'}`;
}

export function compactedText(before: number, after: number): string {
  return `Earlier messages were summed up: ${tokens(before)} tokens became ${tokens(after)}`;
}

/** A button, and what it does: a command of the extension, or the same prompt anew */
export interface Offer {
  readonly label: string;
  readonly does: ViewCommand | 'resend';
}

const OFFERS: Readonly<Record<string, Offer>> = {
  login: { label: 'Sign in', does: 'pi.signIn' },
  use_api_key: { label: 'Use API key', does: 'pi.signIn' },
  choose_model: { label: 'Choose another model', does: 'pi.chooseModel' },
  retry: { label: 'Try again', does: 'resend' },
};

/** What a failure's `action` offers */
export function offerOf(failure: Failure): Offer | undefined {
  return OFFERS[failure.action ?? ''];
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
  failed: {
    text: 'The pi server does not run',
    kind: 'error',
    buttons: [
      { label: 'Start it again', command: 'pi.server.restart' },
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

function significant(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}
