import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin } from '../../../src/server/begin.ts';
import type { Phase } from '../../../src/server/pi.ts';

test('a server that runs or starts is left alone, and one that was given up starts too', async () => {
  const rows: Readonly<Record<Phase, 'start' | 'restart'>> = {
    stopped: 'start',
    starting: 'start',
    running: 'start',
    missing: 'start',
    misconfigured: 'start',
    failed: 'restart',
  };
  for (const [phase, how] of Object.entries(rows)) {
    const asked: string[] = [];
    await begin({
      state: { phase: phase as Phase },
      start: async () => void asked.push('start'),
      restart: async () => void asked.push('restart'),
    });
    assert.deepEqual(asked, [how], phase);
  }
});
