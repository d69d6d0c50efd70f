// What the view shows, as a value. Pure: `applied(state, message)` for what the extension says.
// A turn, header or list that did not change is the same object as before, so that drawing compares by identity.
// Never here: a DOM, what is typed.
import type { Approval, Chip, Completion, Header, ToView } from '../chat/messages.ts';
import { joined, reduce, type Turn } from '../chat/transcript.ts';

export interface ViewState {
  /** Before the extension has told the chat there is nothing to show */
  readonly ready: boolean;
  readonly chatId: string | null;
  readonly turns: readonly Turn[];
  readonly header: Header;
  readonly chips: readonly Chip[];
  readonly approvals: readonly Approval[];
  readonly completions: { readonly query: string; readonly items: readonly Completion[] };
}

export const EMPTY: ViewState = {
  ready: false,
  chatId: null,
  turns: [],
  header: {
    title: '',
    model: null,
    names: {},
    account: null,
    contextFill: null,
    contextDetail: '',
    server: 'stopped',
    auth: 'unknown',
    notice: null,
    sendWith: 'enter',
  },
  chips: [],
  approvals: [],
  completions: { query: '', items: [] },
};

export function applied(state: ViewState, message: ToView): ViewState {
  switch (message.type) {
    case 'chat': {
      const { chatId, turns, header, chips, approvals } = message;
      return { ...state, ready: true, chatId, turns, header, chips, approvals };
    }
    case 'turn':
      return { ...state, turns: withTurn(state.turns, message.turn) };
    case 'events':
      return { ...state, turns: withEvents(state.turns, message) };
    case 'header':
      return { ...state, header: message.header };
    case 'chips':
      return { ...state, chips: message.chips };
    case 'approvals':
      return { ...state, approvals: message.approvals };
    case 'completions':
      return { ...state, completions: { query: message.query, items: message.items } };
    default:
      return state;
  }
}

/** The same messages with neighbouring events of one turn made one message. */
export function merged(messages: readonly ToView[]): ToView[] {
  const result: ToView[] = [];
  for (const message of messages) {
    const last = result.at(-1);
    if (last?.type === 'events' && message.type === 'events' && last.turnId === message.turnId)
      (last.events as unknown[]).push(...message.events);
    else result.push(message.type === 'events' ? { ...message, events: [...message.events] } : message);
  }
  return result;
}

/** The answer that is being given, if one is */
export function runningTurn(state: ViewState): Turn | undefined {
  return state.turns.findLast((turn) => turn.status !== 'ended');
}

function withTurn(turns: readonly Turn[], turn: Turn): readonly Turn[] {
  const index = turns.findIndex((one) => one.id === turn.id);
  return index < 0 ? [...turns, turn] : turns.with(index, turn);
}

function withEvents(turns: readonly Turn[], message: Extract<ToView, { type: 'events' }>): readonly Turn[] {
  const index = turns.findLastIndex((one) => one.id === message.turnId);
  const turn = turns[index];
  return turn ? turns.with(index, joined(message.events).reduce(reduce, turn)) : turns;
}
