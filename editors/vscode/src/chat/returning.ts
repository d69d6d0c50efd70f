// Prompts between what is typed and what was asked, so that none is ever lost: one that brought nothing is typed again,
// one that the server does not have outlives the window as a draft. In: the prompt of a chat, its turns. Out: what is
// typed then. Never here: when it happens.
import type { Asked } from './asked.ts';
import { merged, placesOf, type Sent } from './attachments.ts';
import { appended } from './drafts.ts';
import type { Input } from './input.ts';
import type { Kept } from './memory.ts';
import type { Turn } from './transcript.ts';

/** One of which nothing came stands ready to be sent again, unless another one is being typed. */
export function giveBack(input: Input, asked: Asked, turn: Turn): void {
  const isVain = turn.stopReason === 'error' || (turn.stopReason === 'cancelled' && !asked.isHeard(turn.id));
  if (!isVain || turn.items.length || input.text) return;
  asked.giveBack(turn.id);
  input.typed(turn.prompt);
  input.attach(asked.sentWith(turn.id)?.attachments ?? []);
}

/** It is sent again now, in another way. */
export function takeBack(input: Input, turn: Turn, sent: Sent): void {
  if (input.text !== turn.prompt) return;
  input.typed('');
  input.setAttachments(input.attachments.filter((one) => !sent.attachments.includes(one)));
}

/** Other turns stand there now; prompts that would stand nowhere any more are typed again. */
export function become(input: Input, asked: Asked, turns: readonly Turn[]): void {
  for (const { id, prompt } of asked.become(turns)) {
    input.append(prompt);
    input.attach(asked.sentWith(id)?.attachments ?? []);
  }
}

/** What is to outlive the window. `coming`: a prompt that is about to be asked */
export function unsent(input: Input, asked: Asked, coming = ''): Omit<Kept, 'chatId'> {
  const prompts = asked.owed.map(({ prompt }) => prompt).filter((prompt) => prompt !== input.text);
  const along = asked.owed.map(({ id }) => asked.sentWith(id)?.attachments ?? []);
  return {
    draft: [...prompts, coming].reduce(appended, input.text),
    ...placesOf(along.reduce(merged, input.attachments)),
  };
}
