// Collects what arrives and hands it over once a frame, however much it is. Pure but for the scheduler that it is given.
// In: anything. Out: everything since the last frame, in order.

export function frameQueue<T>(
  nextFrame: (run: () => void) => void,
  apply: (batch: readonly T[]) => void,
): (item: T) => void {
  let waiting: T[] = [];
  const flush = () => {
    const batch = waiting;
    waiting = [];
    apply(batch);
  };
  return (item) => {
    waiting.push(item);
    if (waiting.length === 1) nextFrame(flush);
  };
}
