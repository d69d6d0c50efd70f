// A sign-in attempt at the server: begun, followed to its end, cancelled.
// In: params, an attempt. Out: the attempt as it ended, and what is told of it on the way.
// Never here: a window; how the attempt came to its end, which may be a paste, a browser, time, or another editor.
import { CancellationTokenSource, type Disposable } from 'vscode';
import type { LoginAttempt } from '../protocol.ts';
import type { Pi } from '../server/pi.ts';

export interface Following extends Disposable {
  /** Rejects with a PiError when the server went, and the attempt with it */
  readonly ended: Promise<LoginAttempt>;
}

/** `onRemark` hears what went wrong in an attempt that stays open. */
export function follow(
  pi: Pi,
  attempt: LoginAttempt,
  onRemark: (sentence: string | null) => void,
): Following {
  const { loginId } = attempt;
  const listening = pi.on('pi/login/updated', ({ attempt: news }) => {
    if (news.loginId === loginId && news.step) onRemark(news.error?.message ?? null);
  });
  const waiting = new CancellationTokenSource();
  const ended = pi.request('pi/login/wait', { loginId }, waiting.token);
  return {
    ended,
    dispose() {
      listening.dispose();
      waiting.cancel();
      waiting.dispose();
      ended.catch(() => undefined);
    },
  };
}

/** The attempt as it ended: a credential that was just being saved stays. Null where the server knows none. */
export async function cancel(pi: Pi, attempt: LoginAttempt): Promise<LoginAttempt | null> {
  try {
    return await pi.request('pi/login/cancel', { loginId: attempt.loginId });
  } catch {
    return null;
  }
}
