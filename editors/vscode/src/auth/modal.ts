// A sign-in beside a modal dialogue, which VS Code cannot close from here: what is said behind it is not read.
// In: a sign-in that ends, the modal. Out: its end; where something is to be done about it, once the modal has gone.
// Pure. Never here: what is said.
import type { LoginAttempt } from '../protocol.ts';

/** `gone` is asked when it has ended: whether a modal stands there then. */
export async function toldAfter(
  ended: Promise<LoginAttempt>,
  gone: () => Promise<unknown>,
): Promise<LoginAttempt> {
  const isGood = await ended.then(
    ({ state }) => state === 'succeeded',
    () => false,
  );
  if (!isGood) await gone();
  return ended;
}
