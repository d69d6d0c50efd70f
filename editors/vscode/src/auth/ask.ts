// A box that stays open until what was entered is good: a code, a key, a domain.
// In: a question, and what to do with the text. Out: what came of it, or how the box was left.
// The text is kept while it is checked and after it was refused; a refusal says why in the box itself.
// Never here: the text anywhere but in the box and in `submit`.
import {
  type CancellationToken,
  CancellationTokenSource,
  type InputBox,
  type QuickInputButton,
  QuickInputButtons,
  ThemeIcon,
  window,
} from 'vscode';
import { complain as complainIn, prompt } from '../say.ts';
import { PiError } from '../server/pi.ts';
import { STEPS } from './choose.ts';
import type { Desk, Left } from './desk.ts';

export interface BoxButton {
  readonly icon: string;
  readonly tooltip: string;
  /** `say` puts a line under the box */
  run(say: (text: string) => void): Promise<void>;
}

export interface Question<T> {
  readonly title: string;
  readonly step?: number;
  readonly prompt: string;
  readonly placeholder: string;
  readonly isSecret?: boolean;
  readonly hasBack?: boolean;
  readonly buttons?: readonly BoxButton[];
  /** Why an empty box is no answer; without it, it is one */
  readonly emptyProblem?: string;
  readonly checking: string;
  /** The token is cancelled when the box is left */
  submit(text: string, token: CancellationToken): Promise<T>;
  /** What to say when `submit` failed and the box stays; null: the question fails with it */
  problemInPlace(error: PiError, text: string): string | null;
  /** An answer that came after the box was left */
  discard?(late: T): void;
  /** Hands over how the box may be ended, and what may be said in it, from elsewhere */
  follow?(box: {
    end: (answer: T) => void;
    fail: (error: unknown) => void;
    complain: (why: string) => void;
  }): void;
}

export function ask<T>(desk: Desk, question: Question<T>): Promise<T | Left> {
  const leaving = new CancellationTokenSource();
  const box = open(question);
  return new Promise<T | Left>((resolve, reject) => {
    const close = once(() => box.hide());
    const end = (answer: T | Left) => close(() => resolve(answer));
    const fail = (error: unknown) => close(() => reject(error));
    const leave = (how: Left) => end(how) && leaving.cancel();

    box.onDidAccept(() => void submit(box, question, leaving.token, { end, fail }));
    box.onDidChangeValue(() => {
      complainIn(box, undefined);
    });
    box.onDidTriggerButton((button) => press(button, question, box, () => leave('back')));
    box.onDidHide(() => desk.isLeaving(box) && leave('left'));
    question.follow?.({ end, fail, complain: (why) => complain(box, why) });
    desk.show(box);
  }).finally(() => {
    desk.done(box);
    leaving.dispose();
  });
}

/** Answer, failure and leaving race; the first one counts. */
function once(after: () => void): (finish: () => void) => boolean {
  let isOver = false;
  return (finish) => {
    if (isOver) return false;
    isOver = true;
    finish();
    after();
    return true;
  };
}

async function submit<T>(
  box: InputBox,
  question: Question<T>,
  token: CancellationToken,
  { end, fail }: { end: (answer: T) => boolean; fail: (error: unknown) => boolean },
): Promise<void> {
  const text = box.value;
  if (box.busy) return;
  if (question.emptyProblem && text.trim() === '') return complain(box, question.emptyProblem);
  check(box, question, true);
  try {
    const answer = await question.submit(text, token);
    if (!end(answer)) question.discard?.(answer);
  } catch (error) {
    const why = error instanceof PiError ? question.problemInPlace(error, text) : null;
    if (why === null) return void fail(error);
    check(box, question, false);
    complain(box, why);
  }
}

function open<T>(question: Question<T>): InputBox {
  const box = window.createInputBox();
  box.title = question.title;
  box.step = question.step;
  box.totalSteps = question.step === undefined ? undefined : STEPS;
  prompt(box, question.prompt);
  box.placeholder = question.placeholder;
  box.password = question.isSecret ?? false;
  box.ignoreFocusOut = true;
  const own =
    question.buttons?.map(({ icon, tooltip }) => ({ iconPath: new ThemeIcon(icon), tooltip })) ?? [];
  box.buttons = question.hasBack ? [QuickInputButtons.Back, ...own] : own;
  return box;
}

/** It stays enabled: a disabled box loses the focus, and with it Esc. */
function check<T>(box: InputBox, question: Question<T>, isOn: boolean): void {
  box.busy = isOn;
  prompt(box, isOn ? question.checking : question.prompt);
}

/** All of it is selected then, so that the next paste takes the place of this one. */
function complain(box: InputBox, why: string): void {
  complainIn(box, why);
  box.valueSelection = [0, box.value.length];
}

function press<T>(button: QuickInputButton, question: Question<T>, box: InputBox, back: () => void): void {
  if (button === QuickInputButtons.Back) {
    back();
    return;
  }
  const pressed = question.buttons?.find(({ tooltip }) => tooltip === button.tooltip);
  void pressed?.run((text) => prompt(box, `${text}. ${question.prompt}`));
}
