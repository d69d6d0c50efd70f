// Several things of one moment, delivered together: the first at once, the rest a frame later at the earliest.
// In: things, one by one. Out: lists of them, in order. No timer runs while nothing comes.

export interface Batch<T> {
  push(thing: T): void;
  /** Delivers what waits, now. */
  flush(): void;
}

const FRAME_MS = 16;

/** `later` runs something once a frame has passed. */
export function batch<T>(
  deliver: (things: readonly T[]) => void,
  later: (run: () => void) => void = (run) => void setTimeout(run, FRAME_MS),
): Batch<T> {
  let waiting: T[] = [];
  let timed = false;
  const flush = () => {
    if (!waiting.length) return;
    const things = waiting;
    waiting = [];
    deliver(things);
  };
  const frame = () => {
    timed = waiting.length > 0;
    if (!timed) return;
    later(frame);
    flush();
  };
  return {
    push(thing) {
      waiting.push(thing);
      if (timed) return;
      timed = true;
      later(frame);
      flush();
    },
    flush,
  };
}
