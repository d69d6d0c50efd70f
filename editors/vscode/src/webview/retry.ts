// An attempt that failed before its first word, and when the next one comes. In: the event. Out: a line that counts down.
// Never here: retrying; the server does that.
import type { Retry } from '../protocol.ts';
import { element } from './dom.ts';
import { retryText } from './words.ts';

const STEP_MS = 500;

export function retryView() {
  const line = element('p', { class: 'retry' });
  let shown: Retry | undefined;
  let timer: number | undefined;

  const update = (retry: Retry | undefined) => {
    if (retry === shown) return;
    shown = retry;
    clearInterval(timer);
    if (!retry) return;
    const due = performance.now() + retry.delayMs;
    const draw = () => {
      const remaining = Math.max(due - performance.now(), 0);
      line.textContent = retryText(retry, remaining);
      if (remaining === 0) clearInterval(timer);
    };
    timer = window.setInterval(draw, STEP_MS);
    draw();
  };

  return { element: line, update };
}
