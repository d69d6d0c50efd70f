// A world for one chat, in which a test says when the server answers and what. In: promises that the test settles.
// Out: what was asked, what views were told. Never here: an editor.
import assert from 'node:assert/strict';
import type { CancellationToken } from 'vscode';
import type { Attachment, Piece } from '../../../src/chat/attachments.ts';
import { headerOf } from '../../../src/chat/header.ts';
import type { Kept } from '../../../src/chat/memory.ts';
import type { ToView } from '../../../src/chat/messages.ts';
import { Session } from '../../../src/chat/session.ts';
import { newTurn, reduce, type Turn } from '../../../src/chat/transcript.ts';
import type { Beginning, World } from '../../../src/chat/world.ts';
import type { Ended, Message, TurnEvent, Usage } from '../../../src/protocol.ts';
import { PiError } from '../../../src/server/pi.ts';

export const USAGE: Usage = {
  inputTokens: 1,
  outputTokens: 2,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costUsd: null,
};
export const STARTED: TurnEvent = { type: 'started', model: 'p/m', credentialSource: 'oauth' };

export const FILE: Piece = { id: 'f', kind: 'file', label: 'x.py', detail: '/w/x.py', uri: 'file:///w/x.py' };
export const IMAGE: Attachment = {
  id: 'i',
  kind: 'image',
  label: 'shot.png',
  detail: '1 kB',
  picture: { mimeType: 'image/png', data: 'AA==' },
};

export interface Call {
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly token: CancellationToken | undefined;
  answer(result: unknown): void;
  fail(code: string, message?: string): void;
}

export function text(delta: string): TurnEvent {
  return { type: 'text', delta };
}

export function message(id: string, said: string): Message {
  return {
    id,
    role: 'assistant',
    content: said ? [{ type: 'text', text: said }] : [],
    createdAt: 1,
    model: 'p/m',
  };
}

export function ended(id: string, said: string, more: Partial<Ended> = {}): Ended {
  return { type: 'ended', stopReason: 'endTurn', message: message(id, said), usage: USAGE, ...more };
}

/** What `pi/chat` answers */
export function result(id: string, said: string, stopReason = 'endTurn') {
  return {
    chatId: 'chat-1',
    turnId: 't',
    message: message(id, said),
    usage: USAGE,
    stopReason,
    model: 'p/m',
  };
}

export function cancellation() {
  const listeners = new Set<() => void>();
  const state = { cancelled: false };
  const token = {
    get isCancellationRequested() {
      return state.cancelled;
    },
    onCancellationRequested: (listener: () => void) => {
      listeners.add(listener);
      return { dispose: () => void listeners.delete(listener) };
    },
  } as unknown as CancellationToken;
  const cancel = () => {
    state.cancelled = true;
    for (const listener of listeners) listener();
  };
  return { token, cancel, dispose: () => listeners.clear() };
}

/** Everything that was begun so far has come as far as it can. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await Promise.resolve();
}

export function chatWorld(options: { named?: World<Session>['named']; beginning?: Partial<Beginning> } = {}) {
  const calls: Call[] = [];
  const messages: ToView[] = [];
  const endings: Turn[] = [];
  let ids = 0;
  let kept: Kept | undefined;
  const world: World<Session> = {
    request: ((method: string, params: Record<string, unknown>, token?: CancellationToken) =>
      new Promise((resolve, reject) => {
        calls.push({
          method,
          params,
          token,
          answer: resolve,
          fail: (code, said = code) => reject(new PiError({ code, message: said, retryable: false })),
        });
      })) as World<Session>['request'],
    newId: () => `turn-${++ids}`,
    cancellation,
    settings: () => ({ approval: 'ask' }),
    item: ({ uri, range }) => ({ uri, ...(range && { range }), text: `text of ${uri}` }),
    named: options.named ?? (() => Promise.resolve({ pieces: [], outside: [] })),
    header: (session) =>
      headerOf({
        title: session.title,
        modelId: session.model,
        model: undefined,
        names: {},
        account: null,
        usage: session.usage,
        server: 'running',
        auth: 'ready',
        notice: session.notice,
        sendWith: 'enter',
      }),
    changed: (one) => {
      kept = one.kept;
    },
    ended: (_, turn) => endings.push(turn),
  };
  const session = new Session(world, { key: 'key', cwd: '/w', ...options.beginning });
  const viewer = { post: (one: ToView) => void messages.push(one) };
  session.show(viewer);
  /** What would outlive the window, as it was told last */
  const keptNow = () => kept ?? assert.fail();
  return { session, viewer, calls, messages, endings, keptNow, drawn: () => drawn(messages) };
}

export function last(calls: readonly Call[]): Call {
  const call = calls.at(-1);
  assert.ok(call);
  return call;
}

/** A chat in which that was asked and answered. */
export async function answered(prompt = 'Hello') {
  const chat = chatWorld();
  void chat.session.send(prompt);
  await settled();
  chat.session.hear('chat-1', STARTED);
  chat.session.hear('chat-1', text('Hi'));
  chat.session.hear('chat-1', ended('m1', 'Hi'));
  last(chat.calls).answer(result('m1', 'Hi'));
  await settled();
  return chat;
}

/** The turns as a view has them that does what its messages say */
function drawn(messages: readonly ToView[]): readonly Turn[] {
  let turns: readonly Turn[] = [];
  for (const one of messages) {
    if (one.type === 'chat') turns = one.turns;
    else if (one.type === 'turn') turns = put(turns, one.turn);
    else if (one.type === 'events') {
      const turn = turns.find(({ id }) => id === one.turnId) ?? newTurn(one.turnId, '');
      turns = put(turns, one.events.reduce(reduce, turn));
    }
  }
  return turns;
}

function put(turns: readonly Turn[], turn: Turn): readonly Turn[] {
  const index = turns.findIndex(({ id }) => id === turn.id);
  return index < 0 ? [...turns, turn] : turns.with(index, turn);
}
