// What `pi/chat` is asked with. Pure. In: a turn, what goes along with it, the chat that it is asked in. Out: params.
import type { ChatParams } from '../protocol.ts';
import { NOTHING_SENT, type Sent } from './attachments.ts';
import type { Turn } from './transcript.ts';

export function paramsOf(
  turn: Turn,
  { context, images }: Pick<Sent, 'context' | 'images'> = NOTHING_SENT,
  chat: { readonly chatId: string | null; readonly cwd: string | undefined },
): ChatParams {
  return {
    turnId: turn.id,
    prompt: turn.prompt,
    ...(chat.chatId !== null && { chatId: chat.chatId }),
    ...(context.length && { context: [...context] }),
    ...(images.length && { images: [...images] }),
    ...(chat.cwd !== undefined && { cwd: chat.cwd }),
  };
}
