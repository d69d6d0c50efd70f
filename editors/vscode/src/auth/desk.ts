// The one list or box of a flow that the person sees at a time, so that others can bring it forward or end the flow.
// In: QuickPicks and InputBoxes as they follow each other. Out: focus, or the end.
// Never here: what they ask.
import type { QuickInput } from 'vscode';

export class Desk {
  #input: QuickInput | null = null;
  #refocused: QuickInput | null = null;
  #closed = false;

  /** Shows it, unless the flow has been ended meanwhile: then it is hidden at once, which is to leave it. */
  show(input: QuickInput): void {
    this.#input = input;
    input.show();
    if (this.#closed) input.hide();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  done(input: QuickInput): void {
    if (this.#input === input) this.#input = null;
    input.dispose();
  }

  /** VS Code gives the focus to what it shows anew alone, and so it is hidden first. */
  focus(): void {
    this.#refocused = this.#input;
    this.#input?.hide();
    this.#input?.show();
  }

  /** Whether an `onDidHide` means that the person left, and is not `focus` at work. */
  isLeaving(input: QuickInput): boolean {
    const isLeaving = this.#refocused !== input;
    if (!isLeaving) this.#refocused = null;
    return isLeaving;
  }

  /** Ends the flow: what is shown is left, and so is whatever comes next. */
  close(): void {
    this.#closed = true;
    this.#refocused = null;
    this.#input?.hide();
  }
}

/** How a list or box may end without an answer: the Back button, or Esc and whatever else closes it. */
export type Left = 'back' | 'left';

export function isLeft(answer: unknown): answer is Left {
  return answer === 'back' || answer === 'left';
}
