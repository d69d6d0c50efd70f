// The text field of the prompt: it grows with its text, and its draft is kept. In: text and keys. Out: text.
// Never here: what a key means.

import { appended, type DraftChange, drafted } from '../chat/drafts.ts';
import { element } from './dom.ts';
import { draftKeeper } from './draft.ts';
import { growWithText } from './grow.ts';

export interface PromptField {
  readonly element: HTMLTextAreaElement;
  set(text: string): void;
  /** What the extension has kept of a chat, when that is another one than stands here: it was not typed here; whether it was */
  restore(session: string, draft: string): boolean;
  /** As the extension says, but for what it has not heard of yet */
  change(change: DraftChange): void;
  /** By the browser's own editing, so that undo takes it back */
  replace(from: number, to: number, text: string): void;
  insert(text: string): void;
  /** Has the draft kept now */
  flush(): void;
  onChange(listener: () => void): void;
}

export function promptField(keep: (session: string, draft: string) => void): PromptField {
  const field = element('textarea', {
    rows: '1',
    class: 'field',
    'aria-label': 'Prompt',
    'aria-describedby': 'pi-hint',
  });
  const resize = growWithText(field);
  const draft = draftKeeper(field, keep);
  const listeners: (() => void)[] = [];

  const changed = () => {
    resize();
    draft.changed();
    for (const listener of listeners) listener();
  };

  const set = (text: string) => {
    field.value = text;
    field.setSelectionRange(field.value.length, field.value.length);
    changed();
  };

  const restore = (session: string, text: string) => {
    if (draft.session === session) return false;
    const typedAlready = draft.session === undefined ? field.value : '';
    draft.belongTo(session);
    set(appended(text, typedAlready));
    draft.known(text);
    return true;
  };

  const change = (message: DraftChange) => {
    const text = drafted(field.value, message);
    if (text !== field.value) set(text);
    if (message.how === 'follow') draft.known(message.text);
  };

  const insert = (text: string) => {
    field.focus();
    document.execCommand(text === '' ? 'delete' : 'insertText', false, text);
  };

  const replace = (from: number, to: number, text: string) => {
    field.focus();
    field.setSelectionRange(from, to);
    insert(text);
  };

  field.addEventListener('input', changed);
  return {
    element: field,
    set,
    restore,
    change,
    replace,
    insert,
    flush: draft.flush,
    onChange: (listener) => listeners.push(listener),
  };
}
