// A server for somebody who has just put one there. In: what runs. Out: one that runs. Never here: the end of one that
// runs already, with whatever it is doing.
import type { Pi } from './pi.ts';

/** One that was given up starts only when it is restarted; every other one starts where none does. */
export async function begin(pi: Pick<Pi, 'state' | 'start' | 'restart'>): Promise<void> {
  await (pi.state.phase === 'failed' ? pi.restart() : pi.start());
}
