// What a key means in the prompt. Pure. In: the key and what is going on. Out: one word. Never here: doing it.
import type { Header } from '../chat/messages.ts';

/** As much of a KeyboardEvent as matters */
export interface Key {
  readonly key: string;
  readonly keyCode?: number;
  readonly shiftKey?: boolean;
  readonly ctrlKey?: boolean;
  readonly metaKey?: boolean;
  readonly altKey?: boolean;
  readonly isComposing?: boolean;
}

export interface PromptState {
  readonly text: string;
  /** Caret or selection, in characters */
  readonly from: number;
  readonly to: number;
  readonly running: boolean;
  readonly sendWith: Header['sendWith'];
  readonly chips: number;
  /** What is offered below the prompt; `exact` when it stands there already, whole */
  readonly list?: { readonly length: number; readonly exact: boolean };
}

export type PromptAction =
  | 'send'
  | 'stop'
  | 'recall'
  | 'removeChip'
  | 'nextItem'
  | 'previousItem'
  | 'takeItem'
  | 'closeList'
  | 'none';

/** `none` leaves the key to the text field. While an input method composes, every key is its own. */
export function promptAction(key: Key, state: PromptState): PromptAction {
  if (key.isComposing || key.keyCode === 229) return 'none';
  if (state.list && state.list.length > 0) {
    const action = listAction(key, state.list.exact);
    if (action !== 'none') return action;
  }
  switch (key.key) {
    case 'Enter':
      return sends(key, state.sendWith) ? 'send' : 'none';
    case 'Escape':
      return state.running ? 'stop' : 'none';
    case 'ArrowUp':
      return state.text === '' && !modified(key) && !key.shiftKey ? 'recall' : 'none';
    case 'Backspace':
      return state.chips > 0 && state.from === 0 && state.to === 0 && !modified(key) ? 'removeChip' : 'none';
    default:
      return 'none';
  }
}

function listAction(key: Key, exact: boolean): PromptAction {
  if (modified(key)) return 'none';
  switch (key.key) {
    case 'ArrowDown':
      return 'nextItem';
    case 'ArrowUp':
      return 'previousItem';
    case 'Escape':
      return 'closeList';
    case 'Tab':
      return key.shiftKey ? 'none' : 'takeItem';
    case 'Enter':
      return key.shiftKey || exact ? 'none' : 'takeItem';
    default:
      return 'none';
  }
}

/** Whether this Enter sends */
export function sends(key: Key, sendWith: Header['sendWith']): boolean {
  if (key.isComposing || key.keyCode === 229) return false;
  if (key.key !== 'Enter' || key.shiftKey || key.altKey) return false;
  const modifier = Boolean(key.ctrlKey || key.metaKey);
  return sendWith === 'enter' || modifier;
}

function modified(key: Key): boolean {
  return Boolean(key.ctrlKey || key.metaKey || key.altKey);
}
