// One server from its start to its end, and the conversation with it. In: a command, an environment. Out: a client that
// was greeted, and how it ended. Never here: a decision whether to start another; a kill while a sign-in may still be
// being saved.
import { setTimeout as setTimeoutAsync } from 'node:timers/promises';
import { PROTOCOL_VERSION } from '../protocol.ts';
import { Client, greeting } from './client.ts';
import { failureOf, isAnswer, serverFailure } from './failures.ts';
import type { Life } from './lifecycle.ts';
import type { Log } from './log.ts';
import type { PiError } from './pi.ts';
import { type Running, run } from './process.ts';
import { redact } from './redaction.ts';
import type { EditorSection } from './settings.ts';

const HELLO_MS = 15_000;
// An orderly stop takes 2 s at most, or until a refresh that is on its way is saved: 30 s.
const PARTING_MS = 2_000;
const SAVED_MS = 35_000;
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
  let troubles = 0;
  let refuse: (error: PiError) => void = () => undefined;
  const client = new Client(
    { reader: program.output, writer: program.input, detached: true },
    {
      log,
      section,
      broken: (reason) => {
        log.error(`What came is no message: ${reason}`);
        troubles += 1;
        if (troubles > TROUBLES) program.kill();
        refuse(unfit());
      },
      closed: () => program.kill(),
    },
  );
  prepare(client);
  const greeted = new Promise<string>((resolve, reject) => {
    refuse = reject;
    const timer = setTimeout(() => reject(silent()), HELLO_MS);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    void program.ended.then((how) => {
      clearTimeout(timer);
      reject(died(how, program.lastWords()));
    });
    void greet(client)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
  try {
    const version = await greeted;
    return {
      client,
      pid: program.pid,
      version,
      command,
      ended: program.ended,
      stop: () => stop(client, program, log),
    };
  } catch (error) {
    program.kill();
    throw error;
  }
}

/** Its version, when it is a pi server that can be worked with. What the end of the process explains better is left to
 * that: then this does not settle. */
async function greet(client: Client): Promise<string> {
  try {
    await client.start();
  } catch (error) {
    if (!isAnswer(error)) return new Promise(() => undefined);
    throw serverFailure('server_failed', `The pi server did not start: ${failureOf(error).message}`);
  }
  const said = greeting(client.initializeResult);
  if (!said) throw unfit();
  const version = String(said.serverVersion);
  if (said.protocolVersion !== PROTOCOL_VERSION) throw otherProtocol(version, said.protocolVersion);
  return version;
}

async function stop(client: Client, program: Running, log: Log): Promise<void> {
  await client.stop().catch(() => undefined); // it has 2 s to answer
  program.close();
  const late = setTimeout(() => {
    log.warn('The server did not end by itself and is ended by force');
    program.kill();
  }, SAVED_MS);
  late.unref();
  void program.ended.then(() => clearTimeout(late));
  await Promise.race([program.ended, setTimeoutAsync(PARTING_MS, undefined, { ref: false })]);
}

function unfit(): PiError {
  return serverFailure(
    'server_unfit',
    'The program that was started is no pi server; correct the setting pi.server.command',
  );
}

function otherProtocol(version: string, protocol: unknown): PiError {
  return serverFailure(
    'server_unfit',
    `pi-server ${version} speaks protocol ${protocol} and this extension protocol ${PROTOCOL_VERSION}; update the older of the two`,
  );
}

function silent(): PiError {
  return serverFailure(
    'server_failed',
    `The pi server did not start: it said nothing for ${HELLO_MS / 1000} s`,
  );
}

function died(how: string, lastWords: string): PiError {
  const why = lastWords ? `${how}: ${lastWords}` : how;
  return serverFailure('server_failed', `The pi server did not start: ${redact(why)}`);
}
