import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interpreterOf, type PythonApi, type PythonExtension } from '../../../src/server/interpreter.ts';
import { Lifecycle } from '../../../src/server/lifecycle.ts';

type Environments = NonNullable<PythonApi['environments']>;

const PYTHON = '/venv/bin/python';
const LONG_MS = 60_000;
const never = () => new Promise<never>(() => undefined);
const fails = () => Promise.reject(new Error('its own trouble'));
const quiet = new AbortController().signal;

function api(changes: Partial<Environments> = {}): PythonApi {
  return {
    environments: {
      getActiveEnvironmentPath: () => ({ path: PYTHON }),
      resolveEnvironment: async () => ({ executable: { uri: { fsPath: PYTHON } } }),
      onDidChangeActiveEnvironmentPath: () => ({ dispose: () => undefined }),
      ...changes,
    },
  };
}

function awake(exports: PythonApi): PythonExtension {
  return { isActive: true, exports, activate: fails };
}

function asleep(activate: PythonExtension['activate']): PythonExtension {
  return { isActive: false, exports: {}, activate };
}

test('what it says, of whatever there is', async () => {
  const rows: [about: string, PythonExtension, wake: boolean, said: string | null][] = [
    ['one that runs', awake(api()), false, PYTHON],
    ['one that sleeps is let sleep', asleep(async () => api()), false, null],
    ['one that sleeps and is woken', asleep(async () => api()), true, PYTHON],
    ['one that cannot be woken', asleep(fails), true, null],
    ['an older one', awake({}), true, null],
    ['one that knows no interpreter', awake(api({ resolveEnvironment: async () => undefined })), true, null],
    ['one that fails', awake(api({ resolveEnvironment: fails })), true, null],
    [
      'one that fails at once',
      awake(
        api({
          getActiveEnvironmentPath: () => {
            throw new Error('its own trouble');
          },
        }),
      ),
      true,
      null,
    ],
  ];
  for (const [about, extension, wake, said] of rows) {
    const wanted = { wake, resource: undefined, signal: quiet, ms: LONG_MS };
    assert.equal(await interpreterOf(extension, wanted), said, about);
  }
});

const SILENT: readonly [about: string, PythonExtension][] = [
  ['does not wake up', asleep(never)],
  ['does not answer', awake(api({ resolveEnvironment: never }))],
];

test('one that is silent is waited for until the time is over', async () => {
  for (const [about, extension] of SILENT) {
    const wanted = { wake: true, resource: undefined, signal: quiet, ms: 1 };
    assert.equal(await interpreterOf(extension, wanted), null, about);
  }
});

test('and only as long as somebody waits for the answer', async () => {
  for (const [about, extension] of SILENT) {
    const attempt = new AbortController();
    const wanted = { wake: true, resource: undefined, signal: attempt.signal, ms: LONG_MS };
    const asked = interpreterOf(extension, wanted);
    attempt.abort();
    assert.equal(await asked, null, about);
    assert.equal(await interpreterOf(extension, wanted), null, `${about}, and is asked too late`);
  }
});

test('a start that waits for one that is silent ends at once when it is stopped or begun anew', async () => {
  for (const [about, extension] of SILENT) {
    let launches = 0;
    const cycle = new Lifecycle({
      launch: async (signal) => {
        launches += 1;
        if (launches > 1) return { ended: never(), stop: async () => undefined };
        await interpreterOf(extension, { wake: true, resource: undefined, signal, ms: LONG_MS });
        signal.throwIfAborted();
        throw new Error(about);
      },
      wait: async () => undefined,
      now: () => 0,
      changed: () => undefined,
      crashed: () => undefined,
    });
    const asked = assert.rejects(cycle.live(), { code: 'server_stopped' });
    while (launches < 1) await Promise.resolve();
    await cycle.stop();
    await asked;
    launches = 0;
    const again = cycle.live();
    while (launches < 1) await Promise.resolve();
    assert.equal(await cycle.restart(), await again, about);
    assert.equal(launches, 2, about);
  }
});
