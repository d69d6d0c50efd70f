// A sign-in by a code that the person enters on the provider's page, while the server waits for it.
// In: an open attempt with a code. Out: the attempt as it ended. The code stands in a modal at first and in a
// notification for as long as it is good, so that leaving the modal loses nothing; Cancel there cancels the attempt.
// Never here: polling.
import type { Disposable, MessageItem } from 'vscode';
import type { Piece } from '../plain.ts';
import type { DeviceCodeStep, LoginAttempt } from '../protocol.ts';
import { askModally, sayWarning, whileNotified } from '../say.ts';
import type { Pi } from '../server/pi.ts';
import { cancel, follow } from './attempt.ts';
import { copyText, openPage } from './browser.ts';
import { countdown } from './describe.ts';

/** VS Code would say "Cancel", which this is not. */
const CLOSE: MessageItem = { title: 'Close', isCloseAffordance: true };
/** Shows the modal of the sign-in that waits, for the link in its notification. */
export const SHOW_CODE = 'pi.showSignInCode';

export interface DeviceWait {
  readonly ended: Promise<LoginAttempt>;
  showCode(): void;
}

export function waitForDevice(
  pi: Pi,
  attempt: LoginAttempt,
  step: DeviceCodeStep,
  provider: { id: string; name: string },
): DeviceWait {
  let isOver = false;
  const ended = untilEnded(pi, attempt, step, provider).finally(() => {
    isOver = true;
  });
  const copyAndOpen = { title: `Copy Code & Open ${siteOf(provider.name)}` };
  const showCode = async () => {
    const detail = `${step.instructions}. The code stays in a notification for as long as it is good; cancel there.`;
    const chosen = await askModally({ text: `Your code: ${step.userCode}`, detail }, copyAndOpen, CLOSE);
    if (chosen !== copyAndOpen || isOver) return;
    if (!(await copyText(step.userCode))) {
      void sayWarning(`There is no clipboard here; enter the code ${step.userCode} yourself`);
    }
    await openPage(step.verificationUri);
  };
  return { ended, showCode: () => void showCode() };
}

async function untilEnded(
  pi: Pi,
  attempt: LoginAttempt,
  step: DeviceCodeStep,
  provider: { id: string; name: string },
): Promise<LoginAttempt> {
  let remark: string | null = null;
  const following = follow(pi, attempt, (sentence) => {
    remark = sentence;
  });
  try {
    return await whileNotified(`Sign in to ${provider.name}`, async ({ report, token }) => {
      const cancelling = token.onCancellationRequested(() => void cancel(pi, attempt));
      const ticking = everySecond(() => line(attempt, step, provider.id, remark), report);
      try {
        return await following.ended;
      } finally {
        ticking.dispose();
        cancelling.dispose();
      }
    });
  } finally {
    following.dispose();
  }
}

function line(
  attempt: LoginAttempt,
  step: DeviceCodeStep,
  providerId: string,
  remark: string | null,
): readonly Piece[] {
  const address = step.verificationUri;
  const argument = encodeURIComponent(JSON.stringify([providerId]));
  return [
    `enter ${step.userCode} at `,
    { label: pageName(address), address },
    `, ${countdown(attempt.expiresAt - Date.now())}. `,
    { label: 'Show the code', address: `command:${SHOW_CODE}?${argument}` },
    ...(remark ? [`. ${remark}`] : []),
  ];
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

/** `github.com/login/device` */
function pageName(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/[?#].*$/, '');
}

/** `GitHub` of `GitHub Copilot` */
function siteOf(providerName: string): string {
  return providerName.split(' ')[0] ?? providerName;
}
