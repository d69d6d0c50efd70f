// All that is said to the person in notifications, modal dialogues, progress and input boxes.
// In: text, which may be anybody's. Out: the same text in VS Code's window, with nothing in it that could be clicked but
// the buttons and the links that we mean. Never here: what is said; no other file calls these parts of VS Code.
import {
  type CancellationToken,
  type InputBox,
  type MessageItem,
  type MessageOptions,
  ProgressLocation,
  window,
} from 'vscode';
import { lineOf, type Piece, plain } from './plain.ts';

/** Each resolves to the button that was pressed, and to nothing when it was closed. */
export function sayInfo(text: string, ...buttons: string[]): Thenable<string | undefined> {
  return window.showInformationMessage(plain(text), ...buttons);
}

export function sayWarning(text: string, ...buttons: string[]): Thenable<string | undefined> {
  return window.showWarningMessage(plain(text), ...buttons);
}

export function sayError(text: string, ...buttons: string[]): Thenable<string | undefined> {
  return window.showErrorMessage(plain(text), ...buttons);
}

export interface Question {
  readonly text: string;
  readonly detail: string;
  /** What cannot be taken back */
  readonly isGrave?: boolean;
}

/** Modal: the window waits for the answer. */
export function askModally(question: Question, ...buttons: string[]): Promise<string | undefined>;
export function askModally(question: Question, ...buttons: MessageItem[]): Promise<MessageItem | undefined>;
export async function askModally(
  { text, detail, isGrave }: Question,
  ...buttons: (string | MessageItem)[]
): Promise<string | MessageItem | undefined> {
  const options: MessageOptions = { modal: true, detail: plain(detail) };
  const items = buttons.map((button) => (typeof button === 'string' ? { title: button } : button));
  const show = isGrave ? window.showWarningMessage : window.showInformationMessage;
  const chosen = await show<MessageItem>(plain(text), options, ...items);
  return chosen && buttons[items.indexOf(chosen)];
}

export interface Waiting {
  report(line: readonly Piece[]): void;
  /** Cancelled by the notification's button */
  readonly token: CancellationToken;
}

/** A notification that stays until the work is done. */
export function whileNotified<T>(title: string, work: (waiting: Waiting) => Promise<T>): Thenable<T> {
  return window.withProgress(
    { location: ProgressLocation.Notification, title: plain(title), cancellable: true },
    (progress, token) => work({ report: (line) => progress.report({ message: lineOf(line) }), token }),
  );
}

/** A word in the status bar until the work is done. */
export function whileShown<T>(title: string, work: () => Promise<T>): Thenable<T> {
  return window.withProgress({ location: ProgressLocation.Window, title: plain(title) }, work);
}

/** Under the box: what is wrong with what stands in it; nothing takes it away. */
export function complain(box: InputBox, why: string | undefined): void {
  box.validationMessage = why === undefined ? undefined : plain(why);
}

/** Under the box: what it is for. */
export function prompt(box: InputBox, text: string): void {
  box.prompt = plain(text);
}
