import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lines } from '../../../src/server/stderr.ts';

const TEXT = [
  'Fatal Python error: no module',
  '2026-11-25 13:00:00,123 4242 INFO pi_server.app: it runs',
  '2026-11-25 13:00:00,124 4242 ERROR pi_server.app: it failed',
  'Traceback (most recent call last):',
  '  File "x.py", line 1',
  '2026-11-25 13:00:00,125 4242 WARNING pi_server.app: ünsure',
  '2026-11-25 13:00:00,125 4242 DEBUG pi_server.app: details',
  'and more',
].join('\n');
const LINES = [
  { level: 'warn', text: 'Fatal Python error: no module' },
  { level: 'info', text: 'pi_server.app: it runs' },
  { level: 'error', text: 'pi_server.app: it failed' },
  { level: 'error', text: 'Traceback (most recent call last):' },
  { level: 'error', text: '  File "x.py", line 1' },
  { level: 'warn', text: 'pi_server.app: ünsure' },
  { level: 'debug', text: 'pi_server.app: details' },
  { level: 'debug', text: 'and more' },
];

test('whole lines with their level, wherever the text is cut', () => {
  for (let cut = 0; cut <= TEXT.length; cut += 1) {
    const take = lines();
    const said = [...take(TEXT.slice(0, cut)), ...take(TEXT.slice(cut)), ...take(null)];
    assert.deepEqual(said, LINES, `cut at ${cut}`);
  }
});

test('Windows’ line ends, empty lines and a line without end', () => {
  const take = lines();
  assert.deepEqual(take('one\r\n\r\ntwo\r\n'), [
    { level: 'warn', text: 'one' },
    { level: 'warn', text: 'two' },
  ]);
  for (let pieces = 0; pieces < 100; pieces += 1) take('x'.repeat(1000));
  assert.equal(take(null)[0]?.text.length, 16_384);
});
