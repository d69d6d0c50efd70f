// A sign-in by a code that the provider's page shows, or by the page's own way back to a listener on this machine.
// In: an open attempt with an address. Out: the attempt as it ended, or how the box was left; then it is cancelled.
// A box that is closed by Esc or by another list or box (VS Code tells neither from the other) leaves the attempt
// open: whoever looks elsewhere for the code comes back to it. Never here: the code, but on its way to the server.
import type { BrowserStep, LoginAttempt, PasteCodeStep } from '../protocol.ts';
import { askModally } from '../say.ts';
import { sentenceOf } from '../server/failures.ts';
import type { Pi } from '../server/pi.ts';
import { ask, type BoxButton, type Question } from './ask.ts';
import { cancel, follow } from './attempt.ts';
import { copyText, openPage } from './browser.ts';
import { type Desk, isLeft, type Left } from './desk.ts';
import { asksAgain } from './endings.ts';

/** For a server that names no input of a browser step. */
const INPUT = { label: 'Code, if the browser is elsewhere', placeholder: '' };

export async function pasteCode(
  pi: Pi,
  { desk }: { readonly desk: Desk },
  attempt: LoginAttempt,
  step: PasteCodeStep | BrowserStep,
  title: string,
  waitAside: (ended: Promise<LoginAttempt>) => Promise<LoginAttempt | 'goOn'>,
): Promise<LoginAttempt | Left> {
  let complain: (why: string) => void = () => undefined;
  const following = follow(pi, attempt, (remark) => remark && complain(remark));
  void openPage(step.url);
  try {
    for (;;) {
      const answer = await ask<LoginAttempt>(desk, {
        ...question(step, title),
        submit: (code) => pi.request('pi/login/submit', { loginId: attempt.loginId, code }),
        follow(box) {
          complain = box.complain;
          following.ended.then(box.end, box.fail);
        },
      });
      complain = () => undefined;
      if (!isLeft(answer)) return answer;
      if (answer === 'back' || desk.isClosed) return await left(pi, attempt, answer);
      const outcome = await waitAside(following.ended);
      if (outcome !== 'goOn') return outcome;
    }
  } finally {
    following.dispose();
  }
}

function question(
  step: PasteCodeStep | BrowserStep,
  title: string,
): Omit<Question<LoginAttempt>, 'submit' | 'follow'> {
  const input = step.input ?? INPUT;
  return {
    title,
    prompt: step.instructions,
    placeholder: input.placeholder ? `${input.label}: ${input.placeholder}` : input.label,
    isSecret: true,
    hasBack: true,
    buttons: addressButtons(step.url),
    emptyProblem: 'Nothing was pasted yet',
    checking: 'Checking the code…',
    problemInPlace: (error) => (asksAgain(error.data) ? sentenceOf(error.data) : null),
  };
}

/** A sign-in that was just being saved when the box was left has come about all the same. */
async function left(pi: Pi, attempt: LoginAttempt, how: Left): Promise<LoginAttempt | Left> {
  const last = await cancel(pi, attempt);
  return last?.state === 'succeeded' ? last : how;
}

function addressButtons(address: string): BoxButton[] {
  return [
    {
      icon: 'link-external',
      tooltip: 'Open Browser Again',
      async run(say) {
        say('Opening the browser');
        if (!(await openPage(address))) say('The browser was not opened; copy the address instead');
      },
    },
    {
      icon: 'copy',
      tooltip: 'Copy Address',
      async run(say) {
        if (await copyText(address)) return say('The address was copied');
        const text = 'There is no clipboard here. Select the address and copy it';
        await askModally({ text, detail: address });
      },
    },
  ];
}
