import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { toldAfter } from '../../../src/auth/modal.ts';
import type { LoginAttempt } from '../../../src/protocol.ts';

const ATTEMPT: LoginAttempt = { loginId: 'l', provider: 'p', state: 'polling', expiresAt: 0, step: null };
const ended = (state: LoginAttempt['state']) => () => Promise.resolve({ ...ATTEMPT, state });

// How it ended, and when that is told
const ROWS: [string, () => Promise<LoginAttempt>, 'at once' | 'once the modal has gone'][] = [
  ['succeeded', ended('succeeded'), 'at once'],
  ['expired', ended('expired'), 'once the modal has gone'],
  ['failed', ended('failed'), 'once the modal has gone'],
  ['the server stopped', () => Promise.reject(new Error('stopped')), 'once the modal has gone'],
];

for (const [name, begin, when] of ROWS)
  test(`a sign-in beside a modal: ${name} is told ${when}`, async () => {
    let close: () => void = () => undefined;
    const modal = new Promise<void>((resolve) => {
      close = resolve;
    });
    let told = false;
    const end = begin();
    const telling = toldAfter(end, () => modal).finally(() => {
      told = true;
    });
    telling.catch(() => undefined);
    await setImmediate();
    assert.equal(told, when === 'at once');
    close();
    assert.deepEqual(await Promise.allSettled([telling]), await Promise.allSettled([end]));
  });
