import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handled } from '../../../src/auth/steps.ts';
import type { LoginStep } from '../../../src/protocol.ts';

/** Which hand was asked, and what came of it */
async function outcomeOf(type: string): Promise<[asked: string[], outcome: string]> {
  const asked: string[] = [];
  const hand = (name: string) => async () => {
    asked.push(name);
    return 'done';
  };
  const hands = { pasted: hand('pasted'), entered: hand('entered'), cancel: hand('cancel') };
  const outcome = await handled({ type } as LoginStep, hands).catch(({ code }) => String(code));
  return [asked, outcome];
}

test('each kind of step has its hand; one of a later server ends the attempt', async () => {
  const rows: [type: string, asked: string, outcome: string][] = [
    ['pasteCode', 'pasted', 'done'],
    ['browser', 'pasted', 'done'],
    ['deviceCode', 'entered', 'done'],
    ['telepathy', 'cancel', 'client_outdated'],
  ];
  for (const [type, asked, outcome] of rows) assert.deepEqual(await outcomeOf(type), [[asked], outcome]);
});
