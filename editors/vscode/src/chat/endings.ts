// Why an answer ended, where that is not the ordinary way and no error tells it. Pure.
import type { Turn } from './transcript.ts';

const ENDINGS: Partial<Record<NonNullable<Turn['stopReason']>, string>> = {
  cancelled: 'Stopped; what had come was kept',
  maxTokens: 'The answer reached the longest that this model gives',
  refusal: 'The model declined to go on',
};

export function endingOf(stopReason: Turn['stopReason']): string | undefined {
  return stopReason && ENDINGS[stopReason];
}
