// How a server that ended by itself is started again: at once, then later and later, and after too many times not.
// In: when it crashed. Out: how long to wait, or that it is given up. Never here: a clock, a process.

export const RESTARTS = 5;
export const WINDOW_MS = 3 * 60 * 1000;
const DELAYS_MS = [0, 500, 1000, 2000, 4000];

/** Those that still count */
export function recent(crashes: readonly number[], now: number): readonly number[] {
  return crashes.filter((at) => now - at < WINDOW_MS);
}

/** How many milliseconds to wait after the last of these, or null when it is not to be started again. */
export function delayAfter(crashes: readonly number[], now: number): number | null {
  return DELAYS_MS[recent(crashes, now).length - 1] ?? null;
}
