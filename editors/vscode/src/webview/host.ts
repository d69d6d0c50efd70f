// What every part of the view may ask of the rest.
import type { FromView, Header } from '../chat/messages.ts';

export interface Host {
  post(message: FromView): void;
  /** Says something to those who listen. Urgent things interrupt. */
  say(text: string, urgent?: boolean): void;
  /** Work that may wait until nothing else is to be done, in the order in which it was handed over */
  later(work: () => void): void;
  /** Back to where one types */
  focusPrompt(): void;
  sendWith(): Header['sendWith'];
}
