import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Candidate, handshake } from '../../../src/server/handshake.ts';

const never = new Promise<never>(() => undefined);
const quiet = new AbortController().signal;

function candidate(changes: Partial<Candidate>, lastWords = ''): Candidate {
  return { greeting: never, nonsense: never, ended: never, lastWords: () => lastWords, ...changes };
}

test('a pi server that speaks this protocol says its version', async () => {
  const greeting = Promise.resolve({ protocolVersion: 1, serverVersion: '0.1.0' });
  assert.equal(await handshake(candidate({ greeting }), quiet), '0.1.0');
});

test('what else may become of it', async () => {
  const broken = Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  const answer = Promise.reject({ code: -32603, message: 'No home, code=FAKE-1' });
  const rows: [candidate: Candidate, code: string, message: string][] = [
    [
      candidate({ greeting: Promise.resolve(undefined) }),
      'server_unfit',
      'The program that was started is no pi server; correct the setting pi.server.command',
    ],
    [
      candidate({ nonsense: Promise.resolve() }),
      'server_unfit',
      'The program that was started is no pi server; correct the setting pi.server.command',
    ],
    [
      candidate({ greeting: Promise.resolve({ protocolVersion: 2, serverVersion: '3.1' }) }),
      'server_unfit',
      'pi-server 3.1 speaks protocol 2 and this extension protocol 1; update the older of the two',
    ],
    [
      candidate(
        { greeting: broken, ended: Promise.resolve('it ended with status 7') },
        'it is broken, token=FAKE-1',
      ),
      'server_failed',
      'The pi server did not start: it ended with status 7: it is broken, token=[REDACTED]',
    ],
    [
      candidate({ ended: Promise.resolve('it was ended by SIGKILL') }),
      'server_failed',
      'The pi server did not start: it was ended by SIGKILL',
    ],
    [
      candidate({ greeting: answer }),
      'server_failed',
      'The pi server did not start: No home, code=[REDACTED]',
    ],
    [candidate({}), 'server_failed', 'The pi server did not start: it said nothing for 0.01 s'],
  ];
  for (const [given, code, message] of rows)
    await assert.rejects(handshake(given, quiet, 10), { code, message });
});

test('it ends when nobody wants it any more', async () => {
  const wish = new AbortController();
  const greeted = handshake(candidate({}), wish.signal);
  wish.abort('again');
  await assert.rejects(greeted, (reason) => reason === 'again');
});
