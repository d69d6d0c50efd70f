// A proposal taken over into a document, if the document is still what it was made for. In: the text that it was made
// for, the document. Out: the document changed by one edit, or why it was not. Never here: VS Code; what the edit is.

export interface Taker {
  readonly name: string;
  isReadOnly(): Promise<boolean>;
  /** The document as it is now */
  read(): Promise<Reading>;
}

export interface Reading {
  readonly text: string;
  /** Of this text; false when it was not made, for which VS Code gives no reason. */
  edit(): Thenable<boolean>;
}

export interface Refusal {
  readonly text: string;
  /** Whether it may be compared anew */
  readonly again: boolean;
}

export async function takeOver(taker: Taker, before: string): Promise<Refusal | undefined> {
  const readOnly = { text: `${taker.name} is read-only; nothing was applied`, again: false };
  const changed = {
    text: `${taker.name} has changed since this was proposed; nothing was applied`,
    again: true,
  };
  if (await taker.isReadOnly()) return readOnly;
  // Compared last: whatever is awaited after it, the person may go on typing in.
  const now = await taker.read();
  if (now.text !== before) return changed;
  if (await now.edit()) return undefined;
  // An edit fails when the document changes on its way, and where it is read-only for this session alone.
  return (await taker.read()).text === before ? readOnly : changed;
}
