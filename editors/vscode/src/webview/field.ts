// The text field of the prompt: it grows with its text, and its draft is kept. In: text and keys. Out: text.
// Never here: what a key means.

import { element } from './dom.ts';
import { draftKeeper } from './draft.ts';
import { growWithText } from './grow.ts';

export interface PromptField {
  readonly element: HTMLTextAreaElement;
  set(text: string, how: 'replace' | 'append'): void;
  /** What the extension has kept; it need not hear it again */
  restore(text: string): void;
  /** By the browser's own editing, so that undo takes it back */
  replace(from: number, to: number, text: string): void;
  insert(text: string): void;
  /** Has the draft kept now */
  flush(): void;
  onChange(listener: () => void): void;
}

export function promptField(keep: (draft: string) => void): PromptField {
  const field = element('textarea', {
    rows: '1',
    class: 'field',
    'aria-label': 'Prompt',
    'aria-describedby': 'pi-hint',
  });
  const fit = growWithText(field);
  const draft = draftKeeper(field, keep);
  const listeners: (() => void)[] = [];

  const changed = () => {
    fit();
    draft.changed();
    for (const listener of listeners) listener();
  };

  const set = (text: string, how: 'replace' | 'append') => {
    field.value = how === 'append' && field.value.trim() !== '' ? `${field.value.trimEnd()}\n${text}` : text;
    field.setSelectionRange(field.value.length, field.value.length);
    changed();
  };

  const restore = (text: string) => {
    set(text, 'replace');
    draft.known();
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
    replace,
    insert,
    flush: draft.flush,
    onChange: (listener) => listeners.push(listener),
  };
}
