import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { advice, discover, type Look, type Surroundings } from '../../../src/server/discovery.ts';

/** A machine: which files are programs, and which of them are pi servers of which version */
interface Machine {
  readonly command?: readonly string[] | null;
  readonly interpreter?: string | null;
  readonly sleeping?: string;
  readonly programs?: Readonly<Record<string, readonly string[]>>;
  readonly servers?: Readonly<Record<string, string>>;
  readonly trusted?: boolean;
}

const HOME = '/home/ada';
const WORK = '/folder';
const IN_UNTRUSTED = 'in a folder that is not trusted, and not run';

function around(machine: Machine, asked: string[] = []): Surroundings {
  const {
    command = null,
    interpreter = null,
    sleeping,
    programs = {},
    servers = {},
    trusted = true,
  } = machine;
  const files = new Set([...Object.values(programs).flat(), ...Object.keys(servers)]);
  return {
    command,
    home: HOME,
    platform: 'linux',
    workspaceFolders: [WORK],
    trusted,
    interpreter: (wake) => {
      if (wake) asked.push('wake');
      return Promise.resolve(interpreter ?? (wake ? (sleeping ?? null) : null));
    },
    programs: (name) => Promise.resolve(programs[name] ?? []),
    isProgram: (file) => Promise.resolve(files.has(file)),
    liesIn: (file, folders) => {
      const place = path.resolve(file);
      return Promise.resolve(folders.some((folder) => place === folder || place.startsWith(`${folder}/`)));
    },
    version: (candidate) => {
      asked.push(candidate.join(' '));
      return Promise.resolve(servers[candidate[0] ?? ''] ?? null);
    },
  };
}

async function looked(machine: Machine, asked: string[] = []): Promise<readonly Look[]> {
  const looks: Look[] = [];
  for await (const look of discover(around(machine, asked))) looks.push(look);
  return looks;
}

/** One of VS Code's names for folders, as it stands in settings */
const named = (name: string, more: string) => `\${${name}}${more}`;
const python = (program: string) => [program, '-P', '-m', 'pi_server', 'serve'];

test('where it is looked for, in order, and what is found there', async () => {
  const rows: [what: string, machine: Machine, looks: Look[]][] = [
    ['nothing at all', {}, []],
    [
      'on the PATH',
      { programs: { pi: ['/usr/bin/pi'] }, servers: { '/usr/bin/pi': '0.1.0' } },
      [{ place: 'path', what: '/usr/bin/pi', found: 'pi-server 0.1.0', command: ['/usr/bin/pi', 'serve'] }],
    ],
    [
      'behind another program called pi',
      { programs: { pi: ['/other/pi', '/usr/bin/pi'] }, servers: { '/usr/bin/pi': '0.1.0' } },
      [
        { place: 'path', what: '/other/pi', found: 'another program called pi', command: null },
        { place: 'path', what: '/usr/bin/pi', found: 'pi-server 0.1.0', command: ['/usr/bin/pi', 'serve'] },
      ],
    ],
    [
      'the interpreter before the PATH',
      {
        interpreter: '/venv/bin/python',
        programs: { pi: ['/usr/bin/pi'] },
        servers: { '/venv/bin/python': '0.2.0', '/usr/bin/pi': '0.1.0' },
      },
      [
        {
          place: 'interpreter',
          what: '/venv/bin/python',
          found: 'pi-server 0.2.0',
          command: python('/venv/bin/python'),
        },
        { place: 'path', what: '/usr/bin/pi', found: 'pi-server 0.1.0', command: ['/usr/bin/pi', 'serve'] },
      ],
    ],
    [
      'an interpreter without it',
      { interpreter: '/venv/bin/python' },
      [
        {
          place: 'interpreter',
          what: '/venv/bin/python',
          found: 'a Python without pi-server',
          command: null,
        },
      ],
    ],
    [
      'nothing of an untrusted folder',
      {
        trusted: false,
        interpreter: '/folder/.venv/bin/python',
        programs: { pi: ['/folder/bin/pi'] },
        servers: { '/folder/.venv/bin/python': '0.1.0', '/folder/bin/pi': '0.1.0' },
      },
      [
        { place: 'interpreter', what: '/folder/.venv/bin/python', found: IN_UNTRUSTED, command: null },
        { place: 'path', what: '/folder/bin/pi', found: IN_UNTRUSTED, command: null },
      ],
    ],
  ];
  for (const [what, machine, looks] of rows) assert.deepEqual(await looked(machine), looks, what);
});

test('no program of an untrusted folder is even asked for its version', async () => {
  const asked: string[] = [];
  await looked(
    { trusted: false, interpreter: '/folder/.venv/bin/python', programs: { pi: ['/folder/bin/pi'] } },
    asked,
  );
  await looked(
    { trusted: false, command: ['/folder/bin/pi', 'serve'], programs: { pi: ['/folder/bin/pi'] } },
    asked,
  );
  assert.deepEqual(asked, []);
});

test('the Python extension is woken only when nothing else is left', async () => {
  const asked: string[] = [];
  const machine = { sleeping: '/venv/bin/python', servers: { '/venv/bin/python': '0.1.0' } };
  const found = { programs: { pi: ['/usr/bin/pi'] }, servers: { '/usr/bin/pi': '0.1.0' } };
  for await (const { command } of discover(around(found, asked))) if (command) break;
  assert.equal(asked.includes('wake'), false);
  assert.deepEqual(
    (await looked(machine, asked)).map(({ command }) => command),
    [python('/venv/bin/python')],
  );
  assert.equal(asked.includes('wake'), true);
});

test('the setting: its program is found, or it is said why not', async () => {
  const programs = {
    pi: ['/usr/bin/pi'],
    mine: ['/opt/mine'],
    home: [`${HOME}/bin/pi`],
    work: [`${WORK}/.venv/bin/pi`],
  };
  const rows: [command: string[], found: string[] | string, trusted?: boolean][] = [
    [
      ['/usr/bin/pi', 'serve'],
      ['/usr/bin/pi', 'serve'],
    ],
    [
      ['pi', 'serve'],
      ['/usr/bin/pi', 'serve'],
    ],
    [
      ['mine', '--port', 'x'],
      ['/opt/mine', '--port', 'x'],
    ],
    [
      ['~/bin/pi', 'serve', '~/x'],
      [`${HOME}/bin/pi`, 'serve', `${HOME}/x`],
    ],
    [
      [named('userHome', '/bin/pi'), 'serve'],
      [`${HOME}/bin/pi`, 'serve'],
    ],
    [
      [named('workspaceFolder', '/.venv/bin/pi'), 'serve'],
      [`${WORK}/.venv/bin/pi`, 'serve'],
    ],
    [[''], 'its first word is empty'],
    [['./pi', 'serve'], 'a path that is not absolute; begin it with / or ~/'],
    [['bin/pi', 'serve'], 'a path that is not absolute; begin it with / or ~/'],
    [['nothing', 'serve'], 'not on the PATH'],
    [['/nothing', 'serve'], 'not a program that can be run here'],
    [['/folder/.venv/bin/pi', 'serve'], IN_UNTRUSTED, false],
    [['work', 'serve'], IN_UNTRUSTED, false],
    [['/usr/bin/pi', 'serve'], ['/usr/bin/pi', 'serve'], false],
  ];
  for (const [command, found, trusted = true] of rows) {
    const [look, ...more] = await looked({ command, programs, trusted });
    assert.deepEqual(look?.command ?? look?.found, found, command.join(' '));
    assert.deepEqual(more, []);
  }
});

test('no argument leads a program into an untrusted folder', async () => {
  const programs = { uv: ['/usr/bin/uv'] };
  const arguments_ = [
    named('workspaceFolder', ''),
    named('workspaceFolder', '/sub'),
    `--project=${named('workspaceFolder', '')}`,
    '--project=/folder',
    '-I/folder/modules',
    '@/folder/arguments',
    '/usr/lib:/folder/lib',
    'file:///folder/x',
    '/elsewhere/../folder',
  ];
  const command = (argument: string) => ['uv', 'run', '--project', argument, 'pi', 'serve'];
  for (const argument of arguments_) {
    const [look] = await looked({ command: command(argument), programs, trusted: false });
    assert.deepEqual([look?.command, look?.found], [null, IN_UNTRUSTED], argument);
    const [trusted] = await looked({ command: command(argument), programs });
    assert.notEqual(trusted?.command, null, argument);
  }
  for (const argument of ['/elsewhere', 'folder', './folder', '--x=y', '/folders', '~/x']) {
    const [look] = await looked({ command: command(argument), programs, trusted: false });
    assert.notEqual(look?.command, null, argument);
  }
});

test('without a folder its name stands for nothing', async () => {
  const surroundings = { ...around({ command: [named('workspaceFolder', '/pi')] }), workspaceFolders: [] };
  for await (const { command } of discover(surroundings)) assert.equal(command, null);
});

test('why there is none', () => {
  const setting = {
    place: 'setting',
    what: '/x/pi',
    found: 'not a program that can be run here',
    command: null,
  } as const;
  const rows: [command: string[] | null, platform: string, looks: Look[], said: RegExp][] = [
    [['/x/pi'], 'linux', [setting], /^The setting pi\.server\.command names \/x\/pi: not a program/],
    [null, 'linux', [], /^No pi server was found where this window runs: neither pi on the PATH nor/],
    [null, 'win32', [], /open the folder in WSL/],
  ];
  for (const [command, platform, looks, said] of rows)
    assert.match(advice({ command, platform }, looks), said);
});
