// Where the server is: the setting, else the Python extension's interpreter, else `pi` on the PATH.
// In: what this window knows. Out: commands to try, in order, the next one only when it is asked for; and for each
// place that was looked at what was found there. Never here: starting it; a program of an untrusted folder.
import path from 'node:path';
import { pythonCommand } from './programs.ts';

export type Place = 'setting' | 'interpreter' | 'path';

/** One place that was looked at */
export interface Look {
  readonly place: Place;
  readonly what: string;
  /** What was found, for the log and the diagnostics: "pi-server 0.1.0", "not a pi server" */
  readonly found: string;
  /** How to start it, if it is one */
  readonly command: readonly string[] | null;
}

export interface Surroundings {
  /** `pi.server.command` */
  readonly command: readonly string[] | null;
  readonly home: string;
  readonly platform: string;
  readonly workspaceFolders: readonly string[];
  readonly trusted: boolean;
  /** The Python extension's interpreter for this workspace, if that extension runs; `wake` activates it first. */
  interpreter(wake: boolean): Promise<string | null>;
  /** Programs of that name where programs are */
  programs(name: string): Promise<readonly string[]>;
  isProgram(file: string): Promise<boolean>;
  liesIn(file: string, folders: readonly string[]): Promise<boolean>;
  /** The version of a pi server, null for anything else */
  version(command: readonly string[]): Promise<string | null>;
}

export async function* discover(around: Surroundings): AsyncGenerator<Look, void, void> {
  if (around.command !== null) {
    yield await fromSetting(around, around.command);
    return;
  }
  const interpreter = await around.interpreter(false);
  if (interpreter !== null) yield await judged(around, 'interpreter', interpreter);
  for (const program of await around.programs('pi')) yield await judged(around, 'path', program);
  // It is woken only when nothing else is left: a window without Python has no need of it.
  const woken = interpreter ?? (await around.interpreter(true));
  if (woken !== interpreter && woken !== null) yield await judged(around, 'interpreter', woken);
}

/** Why there is none, for the person */
export function advice(around: Pick<Surroundings, 'command' | 'platform'>, looks: readonly Look[]): string {
  const [setting] = looks;
  if (around.command !== null && setting) {
    return `The setting pi.server.command names ${setting.what}: ${setting.found}`;
  }
  if (around.platform === 'win32') {
    return 'The pi server runs on Linux and macOS; open the folder in WSL, and it runs there';
  }
  return 'No pi server was found where this window runs: neither pi on the PATH nor a Python with pi-server';
}

/** The person said so, hence no probe: `initialize` tells whether it is a server. */
async function fromSetting(around: Surroundings, setting: readonly string[]): Promise<Look> {
  const [given = '', ...args] = setting.map((word) => expanded(around, word));
  const look = (what: string, found: string, command: readonly string[] | null = null): Look => {
    return { place: 'setting', what, found, command };
  };
  if (given === '') return look('no program', 'its first word is empty');
  if (!path.isAbsolute(given) && given.includes(path.sep)) {
    return look(given, 'a path that is not absolute; begin it with / or ~/');
  }
  const file = path.isAbsolute(given) ? given : (await around.programs(given))[0];
  if (file === undefined) return look(given, 'not on the PATH');
  if (await untrusted(around, file, ...args)) return look(file, IN_UNTRUSTED);
  if (!(await around.isProgram(file))) return look(file, 'not a program that can be run here');
  return look(file, 'a program', [file, ...args]);
}

async function judged(around: Surroundings, place: Place, program: string): Promise<Look> {
  const look = (found: string, command: readonly string[] | null = null): Look => {
    return { place, what: program, found, command };
  };
  if (await untrusted(around, program)) return look(IN_UNTRUSTED);
  const command = place === 'interpreter' ? pythonCommand(program) : [program, 'serve'];
  const version = await around.version(command);
  if (version !== null) return look(`pi-server ${version}`, command);
  return look(place === 'interpreter' ? 'a Python without pi-server' : 'another program called pi');
}

const IN_UNTRUSTED = 'in a folder that is not trusted, and not run';

/** A program's arguments name what it runs: a project, a script, a folder of modules. */
async function untrusted(around: Surroundings, ...words: readonly string[]): Promise<boolean> {
  if (around.trusted) return false;
  const named = words.flatMap(pathsIn).map((file) => around.liesIn(file, around.workspaceFolders));
  return (await Promise.all(named)).includes(true);
}

/** Of `--project=/x`, `-I/x`, `@/x`, `/x:/y` and `file:///x` as well */
function pathsIn(word: string): readonly string[] {
  const pieces = [word, ...word.split(/[=:,;]/)].map((piece) => piece.replace(/^(?:-\w+|@)(?=\/)/, ''));
  return [...new Set(pieces)].filter((piece) => path.isAbsolute(piece));
}

/** `~/`, and VS Code's own names for folders. */
function expanded({ home, workspaceFolders }: Surroundings, word: string): string {
  if (word === '~' || word.startsWith('~/')) return path.join(home, word.slice(2));
  return word.replace(/\$\{(userHome|workspaceFolder)\}/g, (name, what) => {
    return (what === 'userHome' ? home : workspaceFolders[0]) ?? name;
  });
}
