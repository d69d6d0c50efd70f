// A sign-in by a code that the person enters on the provider's page, while the server waits for it.
// In: an open attempt with a code. Out: the attempt as it ended. The code stands in a modal at first and in a
// notification for as long as it is good, so that leaving the modal loses nothing; Cancel there cancels the attempt.
// Never here: polling.
import { type Disposable, type MessageItem, ProgressLocation, window } from 'vscode';
import type { DeviceCodeStep, LoginAttempt } from '../protocol.ts';
import type { Pi } from '../server/pi.ts';
import { cancel, follow } from './attempt.ts';
import { copyText, openPage } from './browser.ts';
import { countdown, plain } from './describe.ts';

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
    const chosen = await window.showInformationMessage(
      `Your code: ${step.userCode}`,
      { modal: true, detail },
      copyAndOpen,
      CLOSE,
    );
    if (chosen !== copyAndOpen || isOver) return;
    if (!(await copyText(step.userCode))) {
      void window.showWarningMessage(`There is no clipboard here; enter the code ${step.userCode} yourself`);
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
    return await window.withProgress(
      { location: ProgressLocation.Notification, title: `Sign in to ${provider.name}`, cancellable: true },
      async (progress, token) => {
        const cancelling = token.onCancellationRequested(() => void cancel(pi, attempt));
        const ticking = everySecond(
          () => line(attempt, step, provider.id, remark),
          (message) => progress.report({ message }),
        );
        try {
          return await following.ended;
        } finally {
          ticking.dispose();
          cancelling.dispose();
        }
      },
    );
  } finally {
    following.dispose();
  }
}

function line(
  attempt: LoginAttempt,
  step: DeviceCodeStep,
  providerId: string,
  remark: string | null,
): string {
  const address = step.verificationUri.replaceAll(')', '%29');
  const again = `[Show the code](command:${SHOW_CODE}?${encodeURIComponent(JSON.stringify([providerId]))})`;
  const left = countdown(attempt.expiresAt - Date.now());
  const waiting = `enter ${step.userCode} at [${pageName(address)}](${address}), ${left}. ${again}`;
  return remark ? `${waiting}. ${plain(remark)}` : waiting;
}

/** Reports a line when it differs from the one before. */
function everySecond(lineNow: () => string, report: (line: string) => void): Disposable {
  let last = '';
  const tick = () => {
    const now = lineNow();
    if (now !== last) report(now);
    last = now;
  };
  tick();
  const timer = setInterval(tick, 1000);
  return { dispose: () => clearInterval(timer) };
}

/** `github.com/login/device` */
function pageName(address: string): string {
  return address
    .replace(/^https?:\/\//, '')
    .replace(/[?#].*$/, '')
    .replaceAll(']', '');
}

/** `GitHub` of `GitHub Copilot` */
function siteOf(providerName: string): string {
  return providerName.split(' ')[0] ?? providerName;
}
