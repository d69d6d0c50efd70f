// A sign-in that goes on beside everything else. In: an open attempt, a line about it, what it waits for. Out: a
// notification for as long as that takes; Cancel there cancels the attempt. Never here: how it goes on.
import type { Disposable } from 'vscode';
import type { Link, Piece } from '../plain.ts';
import type { LoginAttempt, Provider } from '../protocol.ts';
import { whileNotified } from '../say.ts';
import type { Pi } from '../server/pi.ts';
import { cancel } from './attempt.ts';
import { countdown } from './describe.ts';

/** Brings the sign-in that waits to the front, for the link in its notification. */
export const SHOW = 'pi.showSignIn';

export type Whose = Pick<Provider, 'id' | 'name'>;

export function beside<T>(
  pi: Pi,
  attempt: LoginAttempt,
  provider: Whose,
  lineNow: () => readonly Piece[],
  over: Promise<T>,
): Thenable<T> {
  return whileNotified(`Sign in to ${provider.name}`, async ({ report, token }) => {
    const cancelling = token.onCancellationRequested(() => void cancel(pi, attempt));
    const ticking = everySecond(lineNow, report);
    try {
      return await over;
    } finally {
      ticking.dispose();
      cancelling.dispose();
    }
  });
}

export function linkTo(provider: Whose, label: string): Link {
  return { label, address: `command:${SHOW}?${encodeURIComponent(JSON.stringify([provider.id]))}` };
}

export function timeLeft({ expiresAt }: LoginAttempt): string {
  return countdown(expiresAt - Date.now());
}

/** Reports a line when it differs from the one before. */
function everySecond(lineNow: () => readonly Piece[], report: (line: readonly Piece[]) => void): Disposable {
  let last = '';
  const tick = () => {
    const line = lineNow();
    const now = JSON.stringify(line);
    if (now !== last) report(line);
    last = now;
  };
  tick();
  const timer = setInterval(tick, 1000);
  return { dispose: () => clearInterval(timer) };
}
