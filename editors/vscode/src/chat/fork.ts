// Asking something anew: where a chat forks, and what had gone along with the prompt.
// In: turns, a kept chat. Out: the chat that goes on, with the turns that it keeps. Rejects with a PiError.
// The old chat is left as it is.
import type { Pi } from '../server/pi.ts';
import type { Asked } from './asked.ts';
import { NOTHING_SENT, type Sent } from './attachments.ts';
import { readChat } from './kept.ts';
import { contextOf } from './restored.ts';
import type { Turn } from './transcript.ts';

export interface Branch {
  /** null: a new chat */
  readonly chatId: string | null;
  /** undefined: it gets one from its first prompt */
  readonly title?: string;
  readonly turns: readonly Turn[];
}

/** What that turn's prompt is asked with, and in which chat; without a branch, in the same. */
export async function anew(
  request: Pi['request'],
  chatId: string | null,
  asked: Asked,
  turn: Turn,
  prompt: string,
): Promise<{ sent: Sent; branch?: Branch }> {
  const sent = asked.sentWith(turn.id) ?? (await sentWith(request, chatId, turn));
  if (asked.replaces(turn, prompt)) return { sent };
  return { sent, branch: await branchBefore(request, chatId, asked.turns, asked.turns.indexOf(turn)) };
}

/** The last turn before `index` that the server can fork after; -1 when there is none. */
function forkPoint(turns: readonly Turn[], index: number): number {
  return turns.findLastIndex((turn, at) => at < index && turn.lastMessageId !== undefined);
}

async function branchBefore(
  request: Pi['request'],
  chatId: string | null,
  turns: readonly Turn[],
  index: number,
): Promise<Branch> {
  const last = forkPoint(turns, index);
  const afterMessageId = turns[last]?.lastMessageId;
  const kept = turns.slice(0, last + 1);
  if (chatId === null || afterMessageId === undefined) return { chatId: null, turns: kept };
  const { chat } = await request('pi/chat/fork', { chatId, afterMessageId });
  return { chatId: chat.chatId, title: chat.title, turns: kept };
}

/** What went along with a turn of a kept chat, as it was. */
async function sentWith(request: Pi['request'], chatId: string | null, turn: Turn): Promise<Sent> {
  if (chatId === null) return NOTHING_SENT;
  if (!turn.context.length) return { ...NOTHING_SENT, images: turn.images };
  const { messages } = await readChat(request, chatId);
  const message = messages.find(({ id }) => id === turn.id);
  return {
    ...NOTHING_SENT,
    labels: turn.context,
    context: message ? contextOf(message) : [],
    images: turn.images,
  };
}
