// The server as everything else sees it: ask, listen, answer. In: params of the method table. Out: its results, or a
// PiError. Never here: a process, an editor's window.
import type { CancellationToken, Disposable, Event } from 'vscode';
import type { ClientRequests, ErrorData, ServerNotifications, ServerRequests } from '../protocol.ts';

/** `missing`: none was found. `misconfigured`: a setting of ours keeps it from being started. */
export type Phase = 'stopped' | 'starting' | 'running' | 'missing' | 'misconfigured' | 'failed';

export interface ServerState {
  readonly phase: Phase;
  /** Why, when it is `missing`, `misconfigured` or `failed`, for the person */
  readonly reason?: string;
  /** Whether what failed to start was named by the setting `pi.server.command` */
  readonly named?: boolean;
  readonly version?: string;
  readonly pid?: number;
  readonly command?: readonly string[];
}

export interface Pi {
  readonly state: ServerState;
  readonly onDidChangeState: Event<ServerState>;
  /** Asks, starting the server first where it does not run. Rejects with a PiError, always; cancelling the token sends
   * `$/cancelRequest`, and the answer then is the PiError `cancelled` (or the result that was quicker). */
  request<M extends keyof ClientRequests>(
    method: M,
    params: ClientRequests[M]['params'],
    token?: CancellationToken,
  ): Promise<ClientRequests[M]['result']>;
  /** Hears a notification from every server that this window starts, over restarts too. */
  on<M extends keyof ServerNotifications>(
    method: M,
    listener: (params: ServerNotifications[M]['params']) => void,
  ): Disposable;
  /** Answers a question of the server; its token is cancelled when the question is withdrawn. One answerer a method. */
  answer<M extends keyof ServerRequests>(
    method: M,
    answerer: (
      params: ServerRequests[M]['params'],
      token: CancellationToken,
    ) => Promise<ServerRequests[M]['result']>,
  ): Disposable;
  /** Starts it if it does not run. Rejects with a PiError. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Forgets crashes, stops what runs, starts. However many ask at once, one restart happens. */
  restart(): Promise<void>;
}

/** A failure, as the contract's error data tells it; `code` decides what is offered, never the message. */
export class PiError extends Error {
  override readonly name = 'PiError';
  readonly data: ErrorData;

  constructor(data: ErrorData) {
    super(data.message);
    this.data = data;
  }

  get code(): string {
    return this.data.code;
  }

  get action(): ErrorData['action'] {
    return this.data.action;
  }
}
