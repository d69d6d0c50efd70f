// Why a program cannot be started, in words of ours: Node's repeat what it was given, and that may be a key.
// In: what is to be started, what the system said. Out: sentences, or ends of some. Pure.
// Never here: a value of a variable, a word of a command.
import type { Place } from './discovery.ts';
import type { ServerEnvironment } from './environment.ts';
import { failureOf, serverFailure } from './failures.ts';
import type { PiError } from './pi.ts';

type Given = Pick<ServerEnvironment, 'variables' | 'sources'>;

const NUL = '\0';
const IMPOSSIBLE = 'with a NUL character in it, which no program can be given';

/** What is wrong with the settings, before anything is started; null when nothing is. */
export function refusal(command: readonly string[] | null, { variables, sources }: Given): string | null {
  if (command?.some((word) => word.includes(NUL))) {
    return `The setting pi.server.command has a word ${IMPOSSIBLE}`;
  }
  const [bad] = Object.entries(variables).filter((pair) => pair.join('').includes(NUL));
  if (!bad) return null;
  const [name] = bad;
  const setting = `The setting ${sources[name] ?? 'pi.server.environment'}`;
  const [beginning, ...rest] = name.split(NUL);
  return rest.length > 0
    ? `${setting} has a name ${IMPOSSIBLE}; it begins with “${beginning}”`
    : `${setting} gives ${name} a value ${IMPOSSIBLE}`;
}

const MANY_FILES = 'too many files are open';
const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there, or what its first line names is not',
  ENOTDIR: 'it is not there',
  EACCES: 'it may not be run',
  EPERM: 'it may not be run',
  ENOEXEC: 'it is no program of this machine',
  ETXTBSY: 'it is being written',
  E2BIG: 'its arguments and its environment are longer than the system takes',
  ENOMEM: 'there is not enough memory',
  EAGAIN: 'there are too many processes',
  EMFILE: MANY_FILES,
  ENFILE: MANY_FILES,
};

/** From what Node throws or tells, its code alone */
export function whyNotStarted(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return 'it could not be started';
  return `it could not be started: ${WHY[code] ?? 'the system refused'} (${code})`;
}

/** Whoever named the program is told that it was this one. */
export function failureOfStart(error: unknown, place: Place): PiError {
  const failure = failureOf(error);
  if (place !== 'setting' || failure.code !== 'server_failed') return failure;
  return serverFailure('server_failed', `${failure.message} (the setting pi.server.command names it)`);
}
