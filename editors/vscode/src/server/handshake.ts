// Whether a program that was started has become a server. In: what it answers, how it ends, how long that may take.
// Out: its version, or a PiError that says what is wrong. Never here: the program itself.
import { PROTOCOL_VERSION } from '../protocol.ts';
import { failureOf, isAnswer, serverFailure } from './failures.ts';
import type { PiError } from './pi.ts';
import { redact } from './redaction.ts';

export const HELLO_MS = 15_000;

/** What a server says about itself in `capabilities.experimental.pi` */
export interface Greeting {
  readonly protocolVersion: unknown;
  readonly serverVersion: unknown;
}

export interface Candidate {
  /** The answer to `initialize`: undefined from a program that is no pi server */
  readonly greeting: Promise<Greeting | undefined>;
  /** Something came that is no message. */
  readonly nonsense: Promise<void>;
  readonly ended: Promise<string>;
  lastWords(): string;
}

/** Rejects with what the signal was aborted for, or with a PiError. */
export function handshake(candidate: Candidate, signal: AbortSignal, ms = HELLO_MS): Promise<string> {
  const { promise, settle, refuse } = pending<string>();
  const timer = setTimeout(() => refuse(silent(ms)), ms);
  signal.addEventListener('abort', () => refuse(signal.reason), { once: true });
  void candidate.ended.then((how) => refuse(died(how, candidate.lastWords())));
  void candidate.nonsense.then(() => refuse(unfit()));
  candidate.greeting.then(
    (greeting) => {
      if (greeting?.protocolVersion === PROTOCOL_VERSION) settle(String(greeting.serverVersion));
      else refuse(greeting ? otherProtocol(greeting) : unfit());
    },
    // What broke the connection is told by the end of the process, or by its silence.
    (error: unknown) => {
      if (isAnswer(error)) refuse(refused(error));
    },
  );
  return promise.finally(() => clearTimeout(timer));
}

function pending<T>() {
  let settle: (value: T) => void = () => undefined;
  let refuse: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = resolve;
    refuse = reject;
  });
  return { promise, settle, refuse };
}

function unfit(): PiError {
  return serverFailure(
    'server_unfit',
    'The program that was started is no pi server; correct the setting pi.server.command',
  );
}

function otherProtocol({ serverVersion, protocolVersion }: Greeting): PiError {
  return serverFailure(
    'server_unfit',
    `pi-server ${serverVersion} speaks protocol ${protocolVersion} and this extension protocol ${PROTOCOL_VERSION}; update the older of the two`,
  );
}

function silent(ms: number): PiError {
  return serverFailure('server_failed', `The pi server did not start: it said nothing for ${ms / 1000} s`);
}

function died(how: string, lastWords: string): PiError {
  const why = lastWords ? `${how}: ${lastWords}` : how;
  return serverFailure('server_failed', `The pi server did not start: ${redact(why)}`);
}

function refused(error: unknown): PiError {
  return serverFailure('server_failed', `The pi server did not start: ${redact(failureOf(error).message)}`);
}
