// The one list or box of a flow that the person sees at a time, so that others can bring it forward or end the flow.
// In: QuickPicks and InputBoxes as they follow each other. Out: focus, or the end.
// Never here: what they ask.
import type { QuickInput } from 'vscode';

export class Desk {
  #input: QuickInput | null = null;
  /** How often each will be told that it was hidden because of `focus` */
  readonly #refocused = new Map<QuickInput, number>();
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

  /** VS Code gives the focus to what it shows anew alone, and so it is hidden first. It tells of each hiding later. */
  focus(): void {
    const input = this.#input;
    if (!input) return;
    this.#refocused.set(input, this.#expected(input) + 1);
    input.hide();
    input.show();
  }

  /** Whether an `onDidHide` means that the person left, and is not `focus` at work. */
  isLeaving(input: QuickInput): boolean {
    const expected = this.#expected(input);
    this.#refocused.set(input, Math.max(0, expected - 1));
    return expected === 0;
  }

  /** Ends the flow: what is shown is left, and so is whatever comes next. */
  close(): void {
    this.#closed = true;
    this.#refocused.clear();
    this.#input?.hide();
  }

  #expected(input: QuickInput): number {
    return this.#refocused.get(input) ?? 0;
  }
}

/** How a list or box may end without an answer: the Back button, or Esc and whatever else closes it. */
export type Left = 'back' | 'left';

export function isLeft(answer: unknown): answer is Left {
  return answer === 'back' || answer === 'left';
}
