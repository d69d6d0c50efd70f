// What stands in the prompt after the extension has spoken, which may not have heard yet what was typed last. Pure.
// In: what stands there, what is to stand there. Out: a text in which nothing typed is lost. Used on both sides.

export type DraftChange =
  | { readonly how: 'append'; readonly text: string }
  /** `over`: what stood there as far as the extension knows; where something else does, that stays. */
  | { readonly how: 'follow'; readonly text: string; readonly over: string };

export function drafted(there: string, change: DraftChange): string {
  if (change.how === 'append') return appended(there, change.text);
  return there === change.over ? change.text : there;
}

/** Each on lines of its own. */
export function appended(there: string, text: string): string {
  if (there.trim() === '') return text;
  return text.trim() === '' ? there : `${there.trimEnd()}\n${text}`;
}
