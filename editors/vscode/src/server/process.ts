// A program that runs, with its ends. In: a command, an environment. Out: its streams, its lines on standard error, how
// it ended. Never here: a shell; what is said over the streams; an argument that nobody wrote into the command.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { serverFailure } from './failures.ts';
import { whyNotStarted } from './spawning.ts';
import { type Line, lines } from './stderr.ts';

export interface Running {
  readonly input: NodeJS.WritableStream;
  readonly output: NodeJS.ReadableStream;
  readonly pid: number | undefined;
  /** Settles when it has ended, or could not be started, with how */
  readonly ended: Promise<string>;
  /** The last line on standard error, for a sentence */
  lastWords(): string;
  /** Closes its standard input, which tells a server to stop */
  close(): void;
  /** Tells it to end, and ends it by force when it still runs after so long. */
  kill(patienceMs: number): void;
}

/** Throws a PiError where the system takes no such program at all; what it hears of later is told by `ended`. */
export function run(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  hear: (line: Line) => void,
): Running {
  const child = begin(command, environment);
  let last = '';
  const cut = lines();
  const take = (piece: string | null) => {
    for (const line of cut(piece)) {
      last = line.text;
      hear(line);
    }
  };
  child.stderr.setEncoding('utf8').on('data', take);
  child.stdin.on('error', () => undefined); // it ended in the middle of a message, which `ended` tells
  return {
    input: child.stdin,
    output: child.stdout,
    pid: child.pid,
    ended: ending(child).then((how) => {
      take(null);
      return how;
    }),
    lastWords: () => last,
    close: () => child.stdin.end(),
    kill: (patienceMs) => {
      child.stdin.end();
      if (ended(child)) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      timer.unref();
      child.once('exit', () => clearTimeout(timer));
    },
  };
}

function begin(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcessWithoutNullStreams {
  try {
    // Not in the workspace: nothing in there has a say in what a server is.
    return spawn(program, args, { env, cwd: homedir(), shell: false, windowsHide: true });
  } catch (error) {
    throw serverFailure('server_failed', `The pi server did not start: ${whyNotStarted(error)}`);
  }
}

/** `close`, not `exit`: then all that it wrote has been read. A child of its own may keep the ends open, so not for long. */
function ending(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(whyNotStarted(error)));
    child.once('exit', (code, signal) => {
      const how = signal ? `it was ended by ${signal}` : `it ended with status ${code}`;
      child.once('close', () => resolve(how));
      setTimeout(() => resolve(how), 500).unref();
    });
  });
}

function ended(child: ChildProcessWithoutNullStreams): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}
