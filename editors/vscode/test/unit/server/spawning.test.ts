import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import type { Place } from '../../../src/server/discovery.ts';
import { type ServerFailure, serverFailure } from '../../../src/server/failures.ts';
import { failureOfStart, refusal, whyNotStarted } from '../../../src/server/spawning.ts';

const NUL = '\0';
const IMPOSSIBLE = 'with a NUL character in it, which no program can be given';

test('what no program can be given is refused by its name', () => {
  const rows: [
    what: string,
    command: readonly string[] | null,
    variables: Record<string, string>,
    said: string | null,
  ][] = [
    ['nothing wrong', ['pi', 'serve'], { PATH: '/bin', EMPTY: '' }, null],
    ['nothing set', null, {}, null],
    ['a word', ['pi', `FAKE${NUL}word`], {}, `The setting pi.server.command has a word ${IMPOSSIBLE}`],
    [
      'a value',
      null,
      { KEY: `FAKE${NUL}key` },
      `The setting pi.server.environment gives KEY a value ${IMPOSSIBLE}`,
    ],
    [
      'a value of another setting',
      null,
      { HTTPS_PROXY: `http://FAKE${NUL}` },
      `The setting http.proxy gives HTTPS_PROXY a value ${IMPOSSIBLE}`,
    ],
    [
      'a name',
      null,
      { [`A${NUL}FAKE`]: 'FAKE' },
      `The setting pi.server.environment has a name ${IMPOSSIBLE}; it begins with “A”`,
    ],
  ];
  const sources = { HTTPS_PROXY: 'http.proxy' };
  for (const [what, command, variables, said] of rows) {
    assert.equal(refusal(command, { variables, sources }), said, what);
    assert.doesNotMatch(said ?? '', /FAKE/);
  }
});

test('what the system refuses is said without what it was given', () => {
  const rows: [error: unknown, said: string][] = [
    [
      { code: 'EACCES', message: 'spawn /FAKE EACCES' },
      'it could not be started: it may not be run (EACCES)',
    ],
    [{ code: 'EWHAT' }, 'it could not be started: the system refused (EWHAT)'],
    [{ code: 'ERR_INVALID_ARG_VALUE', message: "Received 'FAKE'" }, 'it could not be started'],
    [new Error('FAKE'), 'it could not be started'],
    [undefined, 'it could not be started'],
  ];
  for (const [error, said] of rows) assert.equal(whyNotStarted(error), said);
});

test('Node throws what is too long', () => {
  let thrown: unknown;
  try {
    spawn('/bin/true', [], { env: { A: 'x'.repeat(10_000_000) } });
  } catch (error) {
    thrown = error;
  }
  assert.match(whyNotStarted(thrown), /longer than the system takes \(E2BIG\)/);
});

test('a start that failed names the setting that named the program', () => {
  const rows: [code: ServerFailure, place: Place, message: string][] = [
    ['server_failed', 'setting', 'It did not start (the setting pi.server.command names it)'],
    ['server_failed', 'path', 'It did not start'],
    ['server_unfit', 'setting', 'It did not start'],
  ];
  for (const [code, place, message] of rows) {
    const failure = failureOfStart(serverFailure(code, 'It did not start'), place);
    assert.deepEqual([failure.code, failure.message], [code, message]);
  }
});
