import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { run } from '../../../src/server/process.ts';
import type { Line } from '../../../src/server/stderr.ts';

const environment = { PATH: process.env.PATH ?? '' };

test('what it says, and how it ended', async () => {
  const rows: [script: string, how: string, last: string][] = [
    ['exit 0', 'it ended with status 0', ''],
    ['echo one >&2; printf two >&2; exit 3', 'it ended with status 3', 'two'],
    ['kill -9 $$', 'it was ended by SIGKILL', ''],
  ];
  for (const [script, how, last] of rows) {
    const program = run(['/bin/sh', '-c', script], environment, () => undefined);
    assert.equal(await program.ended, how);
    assert.equal(program.lastWords(), last);
  }
});

test('one that cannot be started has ended as well', async () => {
  const rows: [program: string, why: string][] = [
    ['/nowhere/pi', 'it is not there, or what its first line names is not (ENOENT)'],
    ['/etc/passwd', 'it may not be run (EACCES)'],
  ];
  for (const [file, why] of rows) {
    const program = run([file, 'serve'], environment, () => undefined);
    assert.equal(await program.ended, `it could not be started: ${why}`);
    program.kill(50);
    assert.equal(program.pid, undefined);
  }
});

test('what no system takes is refused without a word of what was given', () => {
  const rows: [command: string[], environment: Record<string, string>, why: string][] = [
    [['/bin/true'], { KEY: 'FAKE\0key' }, ''],
    [['/bin/true', 'FAKE\0word'], {}, ''],
    [
      ['/bin/true'],
      { KEY: 'FAKE'.repeat(1_000_000) },
      ': its arguments and its environment are longer than the system takes (E2BIG)',
    ],
  ];
  for (const [command, variables, why] of rows) {
    assert.throws(() => run(command, variables, () => undefined), {
      code: 'server_failed',
      message: `The pi server did not start: it could not be started${why}`,
    });
  }
});

test('no shell has a word in it, and it does not run in the workspace', async () => {
  const heard: Line[] = [];
  const script = 'pwd; printf "%s|" "$@" >&2';
  const program = run(['/bin/sh', '-c', script, 'sh', '$HOME', '`id`', 'a b'], environment, (line) =>
    heard.push(line),
  );
  assert.equal(await text(program.output), `${homedir()}\n`);
  await program.ended;
  assert.deepEqual(
    heard.map(({ text }) => text),
    ['$HOME|`id`|a b|'],
  );
});

test('closing its input is enough for one that listens, and force ends one that does not', async () => {
  const listens = run(['/bin/sh', '-c', 'cat; exit 5'], environment, () => undefined);
  listens.close();
  assert.equal(await listens.ended, 'it ended with status 5');
  const deaf = run(
    ['/bin/sh', '-c', "trap '' TERM; echo up >&2; while :; do sleep 1; done"],
    environment,
    () => deaf.kill(50),
  );
  assert.equal(await deaf.ended, 'it was ended by SIGKILL');
});
