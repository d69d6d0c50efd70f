// What is said to those who listen: not each word that comes, but what begins, ends, fails or is asked. Pure.
// In: the state before and after. Out: sentences, the urgent ones apart.
import type { Turn } from '../chat/transcript.ts';
import { answerOf } from '../chat/transcript.ts';
import { visible } from '../chat/visible.ts';
import { plainText } from './markdown.ts';
import type { ViewState } from './state.ts';
import { bannerOf, endingText, retryText } from './words.ts';

export interface Sentences {
  readonly polite: readonly string[];
  readonly urgent: readonly string[];
}

/** Longer answers are begun; the rest is read where it stands. */
const LONGEST = 4_000;

export function sentences(before: ViewState, after: ViewState): Sentences {
  const polite: string[] = [];
  const urgent: string[] = [];
  if (before.chatId === after.chatId && before.ready) {
    for (const [index, turn] of after.turns.entries()) {
      if (turn === before.turns[index]) continue;
      ofTurn(
        before.turns.find((one) => one.id === turn.id),
        turn,
        polite,
        urgent,
      );
    }
  }
  for (const approval of after.approvals)
    if (!before.approvals.some((one) => one.id === approval.id))
      urgent.push(`May ${visible(approval.tool)} do this? ${visible(approval.title)}`);
  const banner = bannerOf(after.header, false);
  if (banner && banner !== bannerOf(before.header, false)) polite.push(banner.text);
  const { notice } = after.header;
  if (notice && notice.text !== before.header.notice?.text) urgent.push(notice.text);
  return { polite, urgent };
}

function ofTurn(was: Turn | undefined, turn: Turn, polite: string[], urgent: string[]): void {
  if (!was && turn.status !== 'ended') polite.push('The answer is coming');
  if (turn.retry && turn.retry !== was?.retry) polite.push(retryText(turn.retry, turn.retry.delayMs));
  if (turn.status !== 'ended' || was?.status === 'ended' || !was) return;
  const answer = answerOf(turn);
  const text = plainText(answer.slice(0, LONGEST));
  if (text) polite.push(answer.length > LONGEST ? `${text}… The rest stands in the chat` : text);
  const ending = endingText(turn);
  if (turn.error && turn.stopReason !== 'cancelled') urgent.push(turn.error.message);
  else if (ending) polite.push(ending);
}
