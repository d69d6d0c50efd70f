import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  isProgram,
  liesIn,
  programFolders,
  programsNamed,
  programsOutside,
  serveCommand,
  serverVersion,
  servingCommand,
  versionCommand,
} from '../../../src/server/programs.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'programs-'));
});
after(() => rm(folder, { recursive: true }));

async function program(name: string, script: string, mode = 0o755): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, mode);
  return file;
}

test('where programs are: the PATH without relative entries, then where tools install', () => {
  const environ = {
    PATH: '/usr/bin:.:bin::/usr/bin:/opt/bin',
    PIPX_BIN_DIR: '/pipx',
    UV_TOOL_BIN_DIR: 'relative',
  };
  assert.deepEqual(programFolders(environ, '/home/ada'), [
    '/usr/bin',
    '/opt/bin',
    '/pipx',
    '/home/ada/.local/bin',
  ]);
  assert.deepEqual(programFolders({}, '/home/ada'), ['/home/ada/.local/bin']);
});

test('a program is a file that may be run', async () => {
  const good = await program('a/pi', 'true');
  await program('b/pi', 'true', 0o644);
  await mkdir(path.join(folder, 'c', 'pi'), { recursive: true });
  const folders = ['b', 'c', 'nowhere', 'a'].map((name) => path.join(folder, name));
  assert.deepEqual(await programsNamed('pi', folders), [good]);
  assert.equal(await isProgram(good), true);
});

test('a tool is not taken from a folder that nobody trusts', async () => {
  const inside = await program('repo/.venv/bin/pipx', 'true');
  const outside = await program('tools/pipx', 'true');
  await mkdir(path.join(folder, 'links'));
  await symlink(inside, path.join(folder, 'links', 'pipx'));
  const folders = ['repo/.venv/bin', 'links', 'tools'].map((name) => path.join(folder, name));
  assert.deepEqual(await programsOutside([path.join(folder, 'repo')], 'pipx', folders), [outside]);
  assert.equal((await programsOutside([], 'pipx', folders))[0], inside);
});

test('whether it lies in a folder, by its name or by its links', async () => {
  const inside = await program('work/bin/pi', 'true');
  const outside = await program('elsewhere/pi', 'true');
  const link = path.join(folder, 'link');
  const linked = path.join(folder, 'work', 'linked');
  const alias = path.join(folder, 'alias');
  await symlink(inside, link);
  await symlink(outside, linked);
  await symlink(path.join(folder, 'work'), alias);
  const work = path.join(folder, 'work');
  const rows: [file: string, folders: string[], lies: boolean][] = [
    [inside, [work], true],
    [outside, [work], false],
    [link, [work], true],
    [linked, [work], true],
    [inside, [alias], true],
    [path.join(folder, 'elsewhere', '..', 'work', 'bin', 'pi'), [work], true],
    [path.join(folder, 'workshop'), [work], false],
    [path.join(work, '..work'), [work], true],
    [inside, ['/nowhere', work], true],
    [inside, [], false],
  ];
  for (const [file, folders, lies] of rows) assert.equal(await liesIn(file, folders), lies, file);
});

test('only what says its version as pi does is one', async () => {
  const never = new AbortController().signal;
  const rows: [script: string, version: string | null][] = [
    ['[ "$1" = --version ] && echo "pi 0.1.0"', '0.1.0'],
    ['echo "pi 1.2.3-rc.1"', '1.2.3-rc.1'],
    ['echo 0.50.1', null],
    ['echo "pi, an agent 1.0"', null],
    ['echo "pi 1.0"; echo and more', null],
    ['echo "3.14159"', null],
    ['echo "pi 0.1.0"; exit 1', null],
    ['cat; echo "pi 0.1.0"', '0.1.0'],
    ['echo "pi $SOME.0"', '7.0'],
  ];
  for (const [script, version] of rows) {
    const file = await program('asked/pi', script);
    const environ = { PATH: process.env.PATH, SOME: '7' };
    assert.equal(await serverVersion([file, 'serve'], environ, never), version, script);
  }
  assert.equal(await serverVersion(['/nowhere/pi', 'serve'], {}, never), null);
});

test('a probe ends when nobody wants to know any more', async () => {
  const file = await program('slow/pi', 'exec sleep 60');
  const wish = new AbortController();
  const asked = serverVersion([file, 'serve'], { PATH: process.env.PATH }, wish.signal);
  wish.abort();
  assert.equal(await asked, null);
});

test('how it is asked, and how it is started', () => {
  const rows: [command: string[], version: string[]][] = [
    [
      ['/bin/pi', 'serve'],
      ['/bin/pi', '--version'],
    ],
    [
      ['/bin/docker', 'run', '-i', 'pi', 'serve'],
      ['/bin/docker', 'run', '-i', 'pi', '--version'],
    ],
    [
      ['/bin/pi', 'serve', '--tcp'],
      ['/bin/pi', '--version'],
    ],
    [['serve'], ['serve', '--version']],
  ];
  for (const [command, version] of rows) assert.deepEqual(versionCommand(command), version);
  for (const python of [
    '/v/bin/python',
    '/v/bin/python3',
    '/v/bin/python3.12',
    '/v/bin/python3.13t',
    '/v/bin/pypy3',
  ]) {
    assert.deepEqual(serveCommand(python), [python, '-P', '-m', 'pi_server', 'serve']);
  }
  for (const other of ['/bin/pi', '/bin/python-config', '/python/pi']) {
    assert.deepEqual(serveCommand(other), [other, 'serve']);
  }
});

test('a command that is typed serves, whether that was typed or not', () => {
  const rows: [typed: string[], command: string[]][] = [
    [['/x/pi'], ['/x/pi', 'serve']],
    [
      ['/x/pi', 'serve'],
      ['/x/pi', 'serve'],
    ],
    [['/x/python3.12'], ['/x/python3.12', '-P', '-m', 'pi_server', 'serve']],
    [
      ['python3', '-m', 'pi_server'],
      ['python3', '-m', 'pi_server', 'serve'],
    ],
    [
      ['docker', 'exec', '-i', 'box', 'pi'],
      ['docker', 'exec', '-i', 'box', 'pi', 'serve'],
    ],
    [
      ['/x/pi', 'serve', '--more'],
      ['/x/pi', 'serve', '--more'],
    ],
    [['serve'], ['serve', 'serve']],
  ];
  for (const [typed, command] of rows) assert.deepEqual(servingCommand(typed), command);
});

test('what the system does not take is no server', async () => {
  const server = await program('long/pi', 'echo pi 1.0');
  const { signal } = new AbortController();
  for (const value of ['FAKE\0key', 'FAKE'.repeat(1_000_000)])
    assert.equal(await serverVersion([server, 'serve'], { KEY: value }, signal), null);
});
