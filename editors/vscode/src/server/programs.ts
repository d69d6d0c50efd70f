// Programs on this machine: where one is, whether it lies in a folder that nobody trusts, whether it is the one.
// In: names, folders, the environment. Out: absolute paths, answers. Never here: a shell; a relative entry of PATH,
// which would mean a program of whatever folder is current.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

const PROBE_MS = 10_000;
// Other programs are called `pi` too, and one of them would take `serve` for a prompt.
const OURS = /^pi (\d+\.\d+\S*)\s*$/;

/** The folders of PATH, then those into which pipx and uv install where PATH does not name them. */
export function programFolders(environ: Variables, home: string): readonly string[] {
  const folders = [
    ...(environ.PATH ?? '').split(path.delimiter),
    environ.PIPX_BIN_DIR,
    environ.UV_TOOL_BIN_DIR,
    environ.XDG_BIN_HOME,
    path.join(home, '.local', 'bin'),
  ];
  return [...new Set(folders.filter((folder): folder is string => !!folder && path.isAbsolute(folder)))];
}

/** All programs of that name, in order */
export async function programsNamed(name: string, folders: readonly string[]): Promise<readonly string[]> {
  const paths = folders.map((folder) => path.join(folder, name));
  const found = await Promise.all(paths.map(isProgram));
  return paths.filter((_, index) => found[index]);
}

/** Those of them that do not lie in the folders that nobody trusts */
export async function programsOutside(
  untrusted: readonly string[],
  name: string,
  folders: readonly string[],
): Promise<readonly string[]> {
  const programs = await programsNamed(name, folders);
  const inside = await Promise.all(programs.map((program) => liesIn(program, untrusted)));
  return programs.filter((_, index) => !inside[index]);
}

export async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** Whether it lies in one of the folders, as it is named or where its links lead. */
export async function liesIn(file: string, folders: readonly string[]): Promise<boolean> {
  const places = [path.resolve(file), await real(file)];
  for (const folder of folders) {
    const roots = [path.resolve(folder), await real(folder)];
    if (places.some((place) => roots.some((root) => isBelow(place, root)))) return true;
  }
  return false;
}

/** The version that the program says it has, if it is a pi server: null for every other program. */
export function serverVersion(
  command: readonly string[],
  environ: Variables,
  signal: AbortSignal,
): Promise<string | null> {
  const [program = '', ...args] = versionCommand(command);
  const options = {
    env: { ...environ },
    cwd: homedir(),
    timeout: PROBE_MS,
    signal,
    windowsHide: true,
    shell: false,
  };
  return new Promise<string | null>((resolve) => {
    // It throws what the system does not take at all, such as an environment that is too long.
    const child = execFile(program, args, options, (error, stdout) => {
      resolve(error ? null : (OURS.exec(stdout)?.[1] ?? null));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end();
  }).catch(() => null);
}

/** What to run to be told the version: `… --version` instead of `… serve`. */
export function versionCommand(command: readonly string[]): readonly string[] {
  const last = command.lastIndexOf('serve');
  return [...(last > 0 ? command.slice(0, last) : command), '--version'];
}

/** Whether a program's name is that of a Python */
export function isPython(file: string): boolean {
  return /^(?:python|pypy)[\d.]*t?$/.test(path.basename(file));
}

/** What a person names without saying what it shall do, made to serve. */
export function servingCommand(command: readonly string[]): readonly string[] {
  const [program = '', ...args] = command;
  if (args.length === 0) return serveCommand(program);
  return args.includes('serve') ? command : [...command, 'serve'];
}

export function serveCommand(program: string): readonly string[] {
  return isPython(program) ? pythonCommand(program) : [program, 'serve'];
}

/** `-P`: a folder that somebody else wrote must not bring a `pi_server` of its own. */
export function pythonCommand(python: string): readonly string[] {
  return [python, '-P', '-m', 'pi_server', 'serve'];
}

function isBelow(place: string, root: string): boolean {
  const way = path.relative(root, place);
  return way === '' || (!way.startsWith(`..${path.sep}`) && way !== '..' && !path.isAbsolute(way));
}

async function real(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    return path.resolve(file);
  }
}
