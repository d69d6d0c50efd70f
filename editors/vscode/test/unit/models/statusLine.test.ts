import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Situation, type StatusLine, statusLine } from '../../../src/statusLine.ts';

const USUAL: Situation = {
  phase: 'running',
  reason: undefined,
  version: '1.2',
  auth: 'ready',
  running: 0,
  model: 'Claude X',
  provider: 'Anthropic',
  account: 'ada@example.com',
  credential: 'a stored sign-in',
  reasoning: undefined,
  obstacle: '',
};
const FACTS = [
  'Model: Claude X of Anthropic',
  'Account: ada@example.com',
  'Credential: a stored sign-in',
  'Server: version 1.2',
];
const NOBODY = { model: undefined, provider: undefined, account: undefined, credential: undefined };

const ROWS: [string, Partial<Situation>, Partial<StatusLine>][] = [
  ['the model', {}, { text: '$(sparkle) Claude X', command: 'pi.menu', lines: FACTS }],
  ['pi, while no model is known', NOBODY, { text: '$(sparkle) pi', lines: ['Server: version 1.2'] }],
  [
    'how hard it thinks',
    { reasoning: 'high' },
    { text: '$(sparkle) Claude X', lines: [FACTS[0] ?? '', 'Reasoning: high', ...FACTS.slice(1)] },
  ],
  [
    'that an answer is coming',
    { running: 1 },
    { text: '$(sync~spin) Claude X', command: 'pi.menu', lines: ['An answer is coming', ...FACTS] },
  ],
  ['how many are', { running: 2 }, { lines: ['2 answers are coming', ...FACTS] }],
  [
    'that somebody signs in',
    { ...NOBODY, auth: 'signingIn' },
    { text: '$(sync~spin) pi: signing in', command: 'pi.menu' },
  ],
  [
    'that nobody is signed in',
    { auth: 'signedOut' },
    { text: '$(sign-in) pi: Sign in', command: 'pi.signIn' },
  ],
  [
    'that a sign-in has expired',
    { auth: 'expired' },
    { text: '$(warning) pi: Sign in again', command: 'pi.signIn', severity: 'none' },
  ],
  [
    'that the model cannot be used',
    { obstacle: 'terms not accepted' },
    {
      text: '$(warning) Claude X',
      command: 'pi.chooseModel',
      lines: ['Claude X cannot be used: terms not accepted', ...FACTS],
    },
  ],
  [
    'that the server starts',
    { phase: 'starting', auth: 'unknown' },
    { text: '$(sync~spin) pi: starting', command: 'pi.menu' },
  ],
  [
    'that there is no server, whoever is signed in',
    { phase: 'missing', reason: 'No pi on the PATH' },
    {
      text: '$(warning) pi: no server',
      command: 'pi.server.install',
      severity: 'warning',
      lines: ['No pi on the PATH', ...FACTS.slice(0, 3)],
    },
  ],
  [
    'that a setting keeps it from starting',
    { phase: 'misconfigured', reason: 'The setting pi.server.command names /no/such/pi' },
    {
      text: '$(warning) pi: wrong setting',
      command: 'pi.openSettings',
      severity: 'warning',
      lines: ['The setting pi.server.command names /no/such/pi', ...FACTS.slice(0, 3)],
    },
  ],
  [
    'that the server has failed',
    { phase: 'failed' },
    { text: '$(error) pi: server stopped', command: 'pi.server.restart', severity: 'warning' },
  ],
  [
    'the model of a server that was stopped',
    { phase: 'stopped' },
    { text: '$(sparkle) Claude X', severity: 'none' },
  ],
];

describe('the status bar shows', () => {
  for (const [what, own, expected] of ROWS)
    it(what, () => {
      const line = statusLine({ ...USUAL, ...own });
      assert.deepEqual(
        Object.fromEntries(Object.keys(expected).map((key) => [key, line[key as keyof StatusLine]])),
        expected,
      );
    });
});
