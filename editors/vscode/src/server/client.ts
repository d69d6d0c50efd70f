// VS Code's client library, made to do what this extension needs of it and nothing else: messages, documents, edits.
// In: the two ends of a process. Out: a client for one life of a server. Never here: a toast of its own, a trace, a
// command, a setting that a server could pull.
import {
  type BaseLanguageClient,
  CloseAction,
  DynamicFeature,
  ErrorAction,
  type InitializeResult,
  LanguageClient,
  type LanguageClientOptions,
  type LogMessageParams,
  RevealOutputChannelOn,
  type StaticFeature,
  type StreamInfo,
} from 'vscode-languageclient/node';
import { PROTOCOL_VERSION } from '../protocol.ts';
import type { Greeting } from './handshake.ts';
import { type Log, silentLog } from './log.ts';
import type { EditorSection } from './settings.ts';

export interface ClientHooks {
  readonly log: Log;
  /** What the server takes from editors, at the moment when it is greeted */
  readonly section: EditorSection;
  /** What came is no message. */
  broken(reason: string): void;
  /** The connection has ended; the process may live. */
  closed(): void;
}

const LONGEST = 2000;
/** Which of the library's features stay. No command is registered: the extension's own flows do what they do. */
const KEPT = new Set([
  'textDocument/didOpen',
  'textDocument/didChange',
  'textDocument/didClose',
  'workspace/didChangeWorkspaceFolders',
]);

const APPROVALS: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { pi: { approvals: true } };
  },
  initialize: () => undefined,
  getState: () => ({ kind: 'static' }),
  clear: () => undefined,
};

export class Client extends LanguageClient {
  readonly #log: Log;

  constructor(streams: StreamInfo, hooks: ClientHooks) {
    super('pi', 'pi', () => Promise.resolve(streams), optionsFor(hooks));
    this.#log = hooks.log;
    super.registerFeature(APPROVALS);
    // A program that is no pi server, or one that is not understood, gets no text of anybody's.
    this.middleware.sendNotification = (type, next, params) =>
      fits(this.initializeResult) ? next(type, params) : Promise.resolve();
    this.onNotification('window/logMessage', logger(hooks.log));
  }

  override registerFeature(feature: Parameters<BaseLanguageClient['registerFeature']>[0]): void {
    const kept = DynamicFeature.is(feature)
      ? KEPT.has(feature.registrationType.method)
      : feature.getState().kind === 'window'; // progress; the other one lets servers pull any setting
    if (kept) super.registerFeature(feature);
  }

  // The library shows toasts from these, and most of them are consequences of what is told already. What the server
  // sends to be logged comes another way.
  override error(message: string, data?: unknown): void {
    this.#note(message, data);
  }

  override warn(message: string, data?: unknown): void {
    this.#note(message, data);
  }

  override info(message: string, data?: unknown): void {
    this.#note(message, data);
  }

  override debug(message: string, data?: unknown): void {
    this.#note(message, data);
  }

  #note(message: string, data: unknown): void {
    const more = data instanceof Error ? `: ${data.message}` : '';
    this.#log.debug(`client: ${message}${more}`.slice(0, LONGEST));
  }

  // Messages with their params: a sign-in's code and key would be among them.
  override trace(): void {}
}

/** What the server says about itself, if it is one of ours */
export function greeting(result: InitializeResult | undefined): Greeting | undefined {
  const experimental: unknown = result?.capabilities.experimental;
  return (experimental as { pi?: Greeting } | undefined)?.pi;
}

function fits(result: InitializeResult | undefined): boolean {
  return greeting(result)?.protocolVersion === PROTOCOL_VERSION;
}

// LSP's MessageType, from 1.
const LEVELS = ['error', 'warn', 'info', 'info', 'debug'] as const;

function logger(log: Log): (params: LogMessageParams) => void {
  return ({ type, message }) => log[LEVELS[type - 1] ?? 'info'](`server: ${message}`);
}

function optionsFor(hooks: ClientHooks): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-notebook-cell' }],
    initializationOptions: { pi: hooks.section },
    outputChannel: hooks.log,
    traceOutputChannel: silentLog(),
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationFailedHandler: () => false,
    errorHandler: {
      // With a code the pipe is broken, which the end of the process explains.
      error: (error: NodeJS.ErrnoException) => {
        if (error.code === undefined) hooks.broken(error.message);
        return { action: ErrorAction.Continue, handled: true };
      },
      closed: () => {
        hooks.closed();
        return {
          action: CloseAction.DoNotRestart,
          handled: true,
          message: 'The connection to the server has ended',
        };
      },
    },
  };
}
