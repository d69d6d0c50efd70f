// A sign-in by a code that the person enters on the provider's page, while the server waits for it.
// In: an open attempt with a code. Out: the attempt as it ended. The code stands in a modal at first and in a
// notification for as long as it is good, so that leaving the modal loses nothing; Cancel there cancels the attempt.
// Never here: polling.
import type { MessageItem } from 'vscode';
import type { Piece } from '../plain.ts';
import type { DeviceCodeStep, LoginAttempt } from '../protocol.ts';
import { askModally, sayWarning } from '../say.ts';
import type { Pi } from '../server/pi.ts';
import { follow } from './attempt.ts';
import { beside, linkTo, timeLeft, type Whose } from './beside.ts';
import { copyText, openPage } from './browser.ts';
import { toldAfter } from './modal.ts';

/** VS Code would say "Cancel", which this is not. */
const CLOSE: MessageItem = { title: 'Close', isCloseAffordance: true };

export interface DeviceWait {
  readonly ended: Promise<LoginAttempt>;
  show(): void;
}

export function waitForDevice(
  pi: Pi,
  attempt: LoginAttempt,
  step: DeviceCodeStep,
  provider: Whose,
): DeviceWait {
  let isOver = false;
  let modal: Promise<unknown> = Promise.resolve();
  const ended = untilEnded(pi, attempt, step, provider).finally(() => {
    isOver = true;
  });
  const copyAndOpen = { title: `Copy Code & Open ${siteOf(provider.name)}` };
  const show = async () => {
    const detail = `${step.instructions}. The code stays in a notification for as long as it is good; cancel there.`;
    const answer = askModally({ text: `Your code: ${step.userCode}`, detail }, copyAndOpen, CLOSE);
    modal = answer;
    const chosen = await answer;
    if (chosen !== copyAndOpen || isOver) return;
    if (!(await copyText(step.userCode))) {
      void sayWarning(`There is no clipboard here; enter the code ${step.userCode} yourself`);
    }
    await openPage(step.verificationUri);
  };
  return { ended: toldAfter(ended, () => modal), show: () => void show() };
}

async function untilEnded(
  pi: Pi,
  attempt: LoginAttempt,
  step: DeviceCodeStep,
  provider: Whose,
): Promise<LoginAttempt> {
  let remark: string | null = null;
  const following = follow(pi, attempt, (sentence) => {
    remark = sentence;
  });
  try {
    return await beside(pi, attempt, provider, () => line(attempt, step, provider, remark), following.ended);
  } finally {
    following.dispose();
  }
}

function line(
  attempt: LoginAttempt,
  step: DeviceCodeStep,
  provider: Whose,
  remark: string | null,
): readonly Piece[] {
  const address = step.verificationUri;
  return [
    `enter ${step.userCode} at `,
    { label: pageName(address), address },
    `, ${timeLeft(attempt)}. `,
    linkTo(provider, 'Show the code'),
    ...(remark ? [`. ${remark}`] : []),
  ];
}

/** `github.com/login/device` */
function pageName(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/[?#].*$/, '');
}

/** `GitHub` of `GitHub Copilot` */
function siteOf(providerName: string): string {
  return providerName.split(' ')[0] ?? providerName;
}
