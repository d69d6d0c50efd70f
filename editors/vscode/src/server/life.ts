// One server from its start to its end, and the conversation with it. In: a command, an environment. Out: a client that
// was greeted, and how it ended. Never here: a decision whether to start another; a kill while a sign-in may still be
// being saved.
import { setTimeout as delay } from 'node:timers/promises';
import { Client, greeting } from './client.ts';
import { handshake } from './handshake.ts';
import type { Life } from './lifecycle.ts';
import type { Log } from './log.ts';
import { type Running, run } from './process.ts';
import type { EditorSection } from './settings.ts';

// An orderly stop takes 2 s at most, or until a refresh that is on its way is saved: 30 s.
const PARTING_MS = 2_000;
const SAVED_MS = 35_000;
const NEVER_SERVED_MS = 2_000;
/** So many times something that is no message may come from a server */
const TROUBLES = 3;

export interface Birth {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly section: EditorSection;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface ServerLife extends Life {
  readonly client: Client;
  readonly pid: number | undefined;
  readonly version: string;
  readonly command: readonly string[];
}

/** A server that has answered `initialize`; `prepare` gets the client before anything can come. Rejects with a PiError,
 * and then nothing of it is left. */
export async function born(birth: Birth, prepare: (client: Client) => void): Promise<ServerLife> {
  const { command, environment, log, section, signal } = birth;
  const program = run(command, environment, ({ level, text }) => log[level](`server: ${text}`));
  let tell: () => void = () => undefined;
  const nonsense = new Promise<void>((resolve) => {
    tell = resolve;
  });
  let troubles = 0;
  const client = new Client(
    { reader: program.output, writer: program.input, detached: true },
    {
      log,
      section,
      broken: (reason) => {
        log.error(`What came is no message: ${reason}`);
        troubles += 1;
        if (troubles > TROUBLES) program.kill(SAVED_MS);
        tell();
      },
      closed: () => program.kill(SAVED_MS),
    },
  );
  prepare(client);
  const greeted = client.start().then(() => greeting(client.initializeResult));
  try {
    const version = await handshake({ ...program, greeting: greeted, nonsense }, signal);
    return {
      client,
      pid: program.pid,
      version,
      command,
      ended: program.ended,
      stop: () => stop(client, program, log),
    };
  } catch (error) {
    program.kill(NEVER_SERVED_MS);
    throw error;
  }
}

async function stop(client: Client, program: Running, log: Log): Promise<void> {
  await client.stop().catch(() => undefined); // it has 2 s to answer
  program.close();
  const late = setTimeout(() => {
    log.warn('The server did not end by itself and is ended by force');
    program.kill(0);
  }, SAVED_MS);
  late.unref();
  void program.ended.then(() => clearTimeout(late));
  await Promise.race([program.ended, delay(PARTING_MS, undefined, { ref: false })]);
}
