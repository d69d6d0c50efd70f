// A kept chat, whole. In: its id. Out: the chat and all its messages, or the turns that a person sees of them. Rejects
// with a PiError.
import type { Chat, Message } from '../protocol.ts';
import type { Pi } from '../server/pi.ts';
import { type Turn, turnsOf } from './transcript.ts';

const PAGE = 200;

export async function readChat(
  request: Pi['request'],
  chatId: string,
): Promise<{ chat: Chat; messages: Message[] }> {
  const messages: Message[] = [];
  let cursor: string | null = null;
  for (;;) {
    const page: Awaited<ReturnType<typeof request<'pi/chat/read'>>> = await request('pi/chat/read', {
      chatId,
      limit: PAGE,
      ...(cursor !== null && { cursor }),
    });
    messages.push(...page.messages);
    cursor = page.nextCursor;
    if (cursor === null) return { chat: page.chat, messages };
  }
}

/** A prompt that was asked again after nothing had come of it stands there once, as the model is shown it. */
export function turnsKept(messages: readonly Message[]): Turn[] {
  return turnsOf(messages).filter((turn, index, turns) => {
    const next = turns[index + 1];
    return !next || !isAskedAgain(turn, next);
  });
}

/** Nothing is lost, when the next one stands there instead. */
export function isAskedAgain(turn: Turn, next: Turn): boolean {
  return broughtNothing(turn) && turn.prompt === next.prompt && turn.prompt.trim() !== '';
}

export function broughtNothing({ status, items }: Turn): boolean {
  return status === 'ended' && items.length === 0;
}
