// The one server of this window, as `Pi`. In: settings, requests. Out: answers, notifications, states.
// It starts when it is first asked; a change of its settings restarts it where it runs, once that takes nothing away.
// Never here: what a method means; how a program is found (`discovery.ts`) or talked to (`life.ts`).
import { setTimeout as delay } from 'node:timers/promises';
import { type CancellationToken, type Disposable, type Event, EventEmitter, workspace } from 'vscode';
import { ErrorCodes, LSPErrorCodes, ResponseError } from 'vscode-languageclient/node';
import type { ClientRequests, ServerNotifications, ServerRequests } from '../protocol.ts';
import type { Client } from './client.ts';
import { advice, discover, type Look } from './discovery.ts';
import type { ServerEnvironment } from './environment.ts';
import { cancelled, failureOf, serverFailure } from './failures.ts';
import { born, type ServerLife } from './life.ts';
import { Lifecycle } from './lifecycle.ts';
import type { Log } from './log.ts';
import type { Phase, Pi, PiError, ServerState } from './pi.ts';
import { Postponed } from './postponed.ts';
import { activeInterpreter, onDidChangeInterpreter } from './python.ts';
import {
  type EditorSection,
  modelSetting,
  RESTARTED_BY,
  type ServerSettings,
  serverSettings,
} from './settings.ts';
import { failureOfStart, refusal } from './spawning.ts';
import { environmentFor, serverLevel, surroundings } from './surroundings.ts';

export interface Crash {
  readonly at: number;
  readonly how: string;
  /** Whether it is started again */
  readonly again: boolean;
}

// What comes under a method's name is of its type: the table that both sides are generated from says so.
type Listener = (params: unknown) => void;
type Answerer = (params: unknown, token: CancellationToken) => Promise<unknown>;

const NOTIFICATIONS = Object.keys({
  'pi/chat/event': true,
  'pi/login/updated': true,
  'pi/auth/changed': true,
  'pi/models/changed': true,
} satisfies Record<keyof ServerNotifications, true>);
const SETTINGS_CHANGED = 'its settings changed';
const QUESTIONS = Object.keys({ 'pi/approve': true } satisfies Record<keyof ServerRequests, true>);

export class Server implements Pi, Disposable {
  readonly #log: Log;
  readonly #lifecycle: Lifecycle<ServerLife>;
  readonly #postponed: Postponed;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #answerers = new Map<string, Answerer>();
  readonly #stateChanged = new EventEmitter<ServerState>();
  readonly #crashed = new EventEmitter<Crash>();
  readonly #disposables: Disposable[];
  readonly onDidChangeState: Event<ServerState> = this.#stateChanged.event;
  /** It ended by itself. */
  readonly onDidCrash: Event<Crash> = this.#crashed.event;
  #state: ServerState = { phase: 'stopped' };
  #lastCrash: Crash | undefined;
  /** Of the last start */
  #used: ServerSettings | undefined;
  #environment: ServerEnvironment | undefined;
  #looks: readonly Look[] = [];
  #interpreterWatch: Disposable | undefined;

  constructor(log: Log) {
    this.#log = log;
    this.#lifecycle = new Lifecycle<ServerLife>({
      launch: (signal, recovering) => this.#launch(signal, recovering),
      wait: async (ms, signal) => void (await delay(ms, undefined, { signal })),
      now: Date.now,
      changed: (phase, reason) => this.#change(phase, reason),
      crashed: (how, again) => this.#crash(how, again),
    });
    this.#postponed = new Postponed({
      restart: (why) => this.#restartQuietly(why),
      log: (line) => log.info(line),
      later: (ms, then) => {
        const timer = setTimeout(then, ms);
        return () => clearTimeout(timer);
      },
    });
    this.#disposables = [
      this.#postponed,
      this.#stateChanged,
      this.#crashed,
      log.onDidChangeLogLevel(() => this.#tellSection()),
      workspace.onDidGrantWorkspaceTrust(() => this.#settingsChanged()),
      workspace.onDidChangeConfiguration((change) => {
        if (RESTARTED_BY.some((section) => change.affectsConfiguration(section))) this.#settingsChanged();
        if (change.affectsConfiguration('pi.model')) this.#tellSection();
      }),
    ];
  }

  get state(): ServerState {
    return this.#state;
  }

  /** For the diagnostics: where the last start looked for a program, and the last end that nobody asked for. */
  get past(): { readonly looks: readonly Look[]; readonly lastCrash: Crash | undefined } {
    return { looks: this.#looks, lastCrash: this.#lastCrash };
  }

  async request<M extends keyof ClientRequests>(
    method: M,
    params: ClientRequests[M]['params'],
    token?: CancellationToken,
  ): Promise<ClientRequests[M]['result']> {
    const began = Date.now();
    try {
      const { client } = await unlessCancelled(this.#lifecycle.live(), token);
      this.#log.trace(`→ ${method}`);
      const answer = token ? client.sendRequest(method, params, token) : client.sendRequest(method, params);
      const result = (await this.#postponed.during(method, answer)) as ClientRequests[M]['result'];
      this.#log.trace(`← ${method} after ${Date.now() - began} ms`);
      return result;
    } catch (error) {
      const failure = failureOf(error);
      this.#log.trace(`← ${method} after ${Date.now() - began} ms: ${failure.code}`);
      throw failure;
    }
  }

  on<M extends keyof ServerNotifications>(
    method: M,
    listener: (params: ServerNotifications[M]['params']) => void,
  ): Disposable {
    const listeners = this.#listeners.get(method) ?? new Set();
    this.#listeners.set(method, listeners.add(listener as Listener));
    return { dispose: () => void listeners.delete(listener as Listener) };
  }

  answer<M extends keyof ServerRequests>(
    method: M,
    answerer: (
      params: ServerRequests[M]['params'],
      token: CancellationToken,
    ) => Promise<ServerRequests[M]['result']>,
  ): Disposable {
    this.#answerers.set(method, answerer as Answerer);
    return {
      dispose: () => {
        if (this.#answerers.get(method) === answerer) this.#answerers.delete(method);
      },
    };
  }

  async start(): Promise<void> {
    await this.#lifecycle.live();
  }

  async stop(): Promise<void> {
    await this.#lifecycle.stop();
  }

  async restart(): Promise<void> {
    await this.#lifecycle.restart();
  }

  /** A stop for good; settles when the server has ended, or has been given the time that it may take. */
  close(): Promise<void> {
    return this.#lifecycle.close();
  }

  dispose(): void {
    void this.close();
    this.#interpreterWatch?.dispose();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #launch(signal: AbortSignal, recovering: boolean): Promise<ServerLife> {
    const settings = serverSettings();
    const environment = environmentFor(settings, this.#log.logLevel);
    this.#used = settings;
    this.#postponed.forget();
    this.#environment = environment;
    for (const note of environment.notes) this.#log.warn(note);
    const known = recovering ? this.#looks.filter(({ command }) => command !== null).slice(-1) : [];
    this.#looks = [];
    const refused = refusal(settings.command, environment);
    if (refused !== null) throw this.#absent('server_misconfigured', refused);
    const around = surroundings(settings, environment, signal);
    const code = settings.command === null ? 'server_missing' : 'server_misconfigured';
    return this.#first(known.length > 0 ? known : discover(around), signal, (looks) =>
      this.#absent(code, advice(around, looks)),
    );
  }

  /** The first program that becomes a server. */
  async #first(
    places: Iterable<Look> | AsyncIterable<Look>,
    signal: AbortSignal,
    absent: (looks: readonly Look[]) => PiError,
  ): Promise<ServerLife> {
    let failure: PiError | undefined;
    for await (const look of places) {
      signal.throwIfAborted();
      this.#looks = [...this.#looks, look];
      this.#log.info(`Looked at ${look.what} (${look.place}): ${look.found}`);
      if (look.command === null) continue;
      try {
        return await this.#born(look, look.command, signal);
      } catch (error) {
        signal.throwIfAborted();
        failure = failureOfStart(error, look.place);
        this.#log.error(failure.message);
      }
    }
    signal.throwIfAborted(); // then not all places were looked at
    throw failure ?? absent(this.#looks);
  }

  #absent(code: 'server_missing' | 'server_misconfigured', message: string): PiError {
    this.#log.warn(message);
    return serverFailure(code, message);
  }

  async #born(look: Look, command: readonly string[], signal: AbortSignal): Promise<ServerLife> {
    const log = this.#log;
    const environment = this.#environment?.variables ?? {};
    const life = await born({ command, environment, section: this.#section(), log, signal }, (client) => {
      this.#prepare(client);
    });
    log.info(`pi-server ${life.version} runs as process ${life.pid}`);
    if (look.place === 'interpreter') void this.#watchInterpreter();
    return life;
  }

  #prepare(client: Client): void {
    for (const method of NOTIFICATIONS) {
      client.onNotification(method, (params: unknown) => this.#hear(method, params));
    }
    for (const method of QUESTIONS) {
      client.onRequest(method, (params: unknown, token: CancellationToken) =>
        this.#answerTo(method, params, token),
      );
    }
  }

  #hear(method: string, params: unknown): void {
    for (const listener of [...(this.#listeners.get(method) ?? [])]) {
      try {
        listener(params);
      } catch (error) {
        this.#log.error(`A listener to ${method} failed: ${failureOf(error).message}`);
      }
    }
  }

  async #answerTo(method: string, params: unknown, token: CancellationToken): Promise<unknown> {
    const answerer = this.#answerers.get(method);
    if (!answerer) throw new ResponseError(ErrorCodes.MethodNotFound, `Nobody here answers ${method}`);
    try {
      return await answerer(params, token);
    } catch (error) {
      const { code, message } = failureOf(error);
      if (token.isCancellationRequested || code === 'cancelled') {
        throw new ResponseError(LSPErrorCodes.RequestCancelled, 'Withdrawn');
      }
      this.#log.error(`The answer to ${method} failed: ${message}`);
      throw new ResponseError(ErrorCodes.InternalError, message);
    }
  }

  #change(phase: Phase, reason: string | undefined): void {
    const life = this.#lifecycle.life;
    this.#state = {
      phase,
      ...(reason !== undefined && { reason, named: this.#looks.at(-1)?.place === 'setting' }),
      ...(life && { version: life.version, command: life.command }),
      ...(life?.pid !== undefined && { pid: life.pid }),
    };
    this.#stateChanged.fire(this.#state);
  }

  #crash(how: string, again: boolean): void {
    this.#log.error(`The server ended by itself: ${how}`);
    this.#lastCrash = { at: Date.now(), how, again };
    this.#crashed.fire(this.#lastCrash);
  }

  #section(): EditorSection {
    const follows = this.#environment?.levelFollowsLog !== false;
    return { ...modelSetting(), ...(follows && { logLevel: serverLevel(this.#log.logLevel) }) };
  }

  #tellSection(): void {
    void this.#lifecycle.life?.client
      .sendNotification('workspace/didChangeConfiguration', { settings: { pi: this.#section() } })
      .catch(() => undefined); // it has just ended; the next one is told when it is greeted
  }

  #settingsChanged(): void {
    if (!this.#used) return;
    if (JSON.stringify(serverSettings()) === JSON.stringify(this.#used)) {
      this.#postponed.forget(SETTINGS_CHANGED);
      return;
    }
    if (this.#lifecycle.active) {
      this.#postponed.due(SETTINGS_CHANGED);
      return;
    }
    this.#forgive();
  }

  /** What failed with other settings is tried again when it is asked for. */
  #forgive(): void {
    this.#lifecycle.forgive();
    this.#change('stopped', undefined);
  }

  async #watchInterpreter(): Promise<void> {
    this.#interpreterWatch ??= await onDidChangeInterpreter(() => void this.#interpreterChanged());
  }

  async #interpreterChanged(): Promise<void> {
    const used = this.#looks.at(-1);
    if (used?.place !== 'interpreter' || used.what === (await activeInterpreter(false))) return;
    if (this.#lifecycle.active) this.#postponed.due('another Python interpreter was chosen');
  }

  /** What comes of it is told by the state. */
  #restartQuietly(why: string): void {
    if (!this.#lifecycle.active) {
      this.#forgive(); // it has failed meanwhile
      return;
    }
    this.#log.info(`The server is started again: ${why}`);
    this.restart().catch(() => undefined);
  }
}

/** Rejects at once when the token is cancelled, whatever becomes of the start. */
function unlessCancelled<T>(work: Promise<T>, token: CancellationToken | undefined): Promise<T> {
  if (!token) return work;
  return new Promise((resolve, reject) => {
    if (token.isCancellationRequested) reject(cancelled());
    const watch = token.onCancellationRequested(() => reject(cancelled()));
    work.then(resolve, reject).finally(() => watch.dispose());
  });
}
