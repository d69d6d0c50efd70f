// A kept chat, whole. In: its id. Out: the chat and all its messages. Rejects with a PiError.
import type { Chat, Message } from '../protocol.ts';
import type { Pi } from '../server/pi.ts';

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
