// Work that may wait, done between frames, a piece at a time. In: pieces. Out: nothing. Order is kept.

const WORTHWHILE_MS = 3;

export function idleQueue(): (work: () => void) => void {
  const waiting: (() => void)[] = [];
  const run = (deadline: IdleDeadline) => {
    do waiting.shift()?.();
    while (waiting.length > 0 && deadline.timeRemaining() > WORTHWHILE_MS);
    if (waiting.length > 0) schedule();
  };
  const schedule = () => requestIdleCallback(run, { timeout: 300 });
  return (work) => {
    waiting.push(work);
    if (waiting.length === 1) schedule();
  };
}
