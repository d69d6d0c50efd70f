import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wishOf } from '../../../src/auth/wish.ts';

test('what is wanted, of whatever the command is called with', () => {
  const rows: [wanted: unknown, wish: ReturnType<typeof wishOf>][] = [
    [undefined, {}],
    [null, {}],
    [7, {}],
    ['anthropic', { provider: 'anthropic' }],
    [{ id: 'anthropic' }, { provider: 'anthropic' }],
    [
      { provider: 'anthropic', method: 'apiKey' },
      { provider: 'anthropic', method: 'apiKey' },
    ],
    [{ method: 'apiKey' }, { method: 'apiKey' }],
    [{ provider: ['x'], method: {} }, {}],
  ];
  for (const [wanted, wish] of rows) assert.deepEqual(wishOf(wanted), wish);
});
