import assert from 'node:assert/strict';
import { test } from 'node:test';
import manifest from '../../../package.json' with { type: 'json' };
import { buttonsOf } from '../../../src/server/help.ts';
import type { Phase } from '../../../src/server/pi.ts';

test('what helps where no server runs, first what helps most', () => {
  const rows: [phase: Phase, named: boolean, labels: string[]][] = [
    ['missing', false, ['Install', 'Select', 'Show Log']],
    ['misconfigured', true, ['Select', 'Open Settings', 'Show Log']],
    ['misconfigured', false, ['Open Settings', 'Show Log']],
    ['failed', false, ['Restart', 'Show Log']],
    ['failed', true, ['Restart', 'Select', 'Show Log']],
    ['running', true, []],
    ['starting', true, []],
    ['stopped', true, []],
  ];
  const commands = manifest.contributes.commands.map(({ command }) => command);
  for (const [phase, named, labels] of rows) {
    const buttons = buttonsOf(phase, named) ?? {};
    assert.deepEqual(Object.keys(buttons), labels, phase);
    for (const command of Object.values(buttons)) assert.ok(commands.includes(command), command);
  }
});
