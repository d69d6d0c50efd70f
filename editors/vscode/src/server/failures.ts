// What went wrong, as the one kind of error that everything else sees. In: whatever a request or a start rejected with.
// Out: a PiError whose code is one of the contract's, or one of those below. Never here: prose that decides something.
import type { ErrorData } from '../protocol.ts';
import { PiError } from './pi.ts';

/** Codes that the window gives, beside those of the server */
export type ServerFailure =
  | 'server_missing'
  | 'server_misconfigured'
  | 'server_failed'
  | 'server_unfit'
  | 'server_stopped';

const STOPPED = 'The pi server stopped; what had come was kept';

const GONE = { code: 'server_stopped', message: STOPPED, retryable: true, action: 'retry' } as const;

// JSON-RPC's and LSP's numbers, where the server said nothing more; those around -32097 are the library's own, for a
// connection that broke or has gone.
const BY_NUMBER: Readonly<Record<number, Omit<ErrorData, 'message'> & { message?: string }>> = {
  [-32800]: { code: 'cancelled', message: 'Cancelled', retryable: false },
  [-32802]: { code: 'cancelled', message: 'Cancelled', retryable: false },
  [-32099]: GONE,
  [-32098]: GONE,
  [-32097]: GONE,
  [-32096]: GONE,
  [-32601]: {
    code: 'unknown_method',
    message: 'This pi server cannot do that yet; update pi-server',
    retryable: false,
  },
  [-32602]: { code: 'invalid_params', retryable: false },
};
const ACTIONS = new Set<unknown>(['login', 'use_api_key', 'retry', 'choose_model']);

export function serverFailure(code: ServerFailure, message: string): PiError {
  const again = code === 'server_stopped';
  return new PiError({ code, message, retryable: again, ...(again && { action: 'retry' as const }) });
}

export function stopped(message = STOPPED): PiError {
  return serverFailure('server_stopped', message);
}

export function cancelled(): PiError {
  return new PiError({ code: 'cancelled', message: 'Cancelled', retryable: false });
}

const SAID = new Set<string>([
  'server_missing',
  'server_misconfigured',
  'server_failed',
  'server_unfit',
] satisfies ServerFailure[]);

/** Whether the window says it already, with what helps (`notices.ts`): then nobody else need. */
export function isSaid(error: unknown): boolean {
  return error instanceof PiError && SAID.has(error.code);
}

/** Of a request. */
export function failureOf(error: unknown): PiError {
  if (error instanceof PiError) return error;
  const { code, message, data } = shapeOf(error);
  if (isErrorData(data)) return new PiError(clean(data));
  const known = typeof code === 'number' ? BY_NUMBER[code] : undefined;
  if (known) return new PiError({ message, ...known });
  // The library's ConnectionError, numbered from 1: closed, disposed, already listening.
  if (code === 1 || code === 2) return stopped();
  return new PiError({ code: 'internal', message, retryable: false });
}

/** Whether the server said it: everything else is a connection that broke. */
export function isAnswer(error: unknown): boolean {
  const { code } = shapeOf(error);
  return typeof code === 'number' && code < 0 && failureOf(error).code !== 'server_stopped';
}

/** The sentence of any error, or of its data, for the person. It is as it came: what shows it takes links out. */
export function sentenceOf(error: unknown): string {
  const { message, providerMessage } = shapeOf(error instanceof PiError ? error.data : error);
  return typeof providerMessage === 'string' && providerMessage ? `${message} (${providerMessage})` : message;
}

interface Shape {
  readonly code?: unknown;
  readonly message: string;
  readonly data?: unknown;
  readonly providerMessage?: unknown;
}

function shapeOf(error: unknown): Shape {
  if (typeof error === 'string') return { message: error };
  const { message, ...rest } = shapeless(error);
  return { ...rest, message: typeof message === 'string' && message ? message : 'The pi server failed' };
}

// An Error's message is no member of its own that a spread would take.
function shapeless(error: unknown): Partial<Record<keyof Shape, unknown>> {
  if (typeof error !== 'object' || error === null) return {};
  const { code, message, data, providerMessage } = error as Record<string, unknown>;
  return { code, message, data, providerMessage };
}

function isErrorData(data: unknown): data is ErrorData {
  if (typeof data !== 'object' || data === null) return false;
  const { code, message } = data as Record<string, unknown>;
  return typeof code === 'string' && typeof message === 'string';
}

/** Members of a kind that the contract does not name are as good as not there. */
function clean(data: ErrorData): ErrorData {
  const { action, retryable, ...rest } = data;
  return { ...rest, retryable: retryable === true, ...(action && ACTIONS.has(action) && { action }) };
}
