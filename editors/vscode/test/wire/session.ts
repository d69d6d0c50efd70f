// A whole session over the wire, with the message library of VS Code, the types of the table and this extension's own
// process and errors, and without VS Code. In: WIRE_COMMAND, a JSON list that starts a real server; in its environment
// the addresses of a simulator. Run by tests/editors/vscode/test_wire.py.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import {
  type ChatEventParams,
  type ClientRequests,
  type LoginAttempt,
  PROTOCOL_VERSION,
  type ServerNotifications,
  type TurnEvent,
} from '../../src/protocol.ts';
import { failureOf } from '../../src/server/failures.ts';
import { type Running, run } from '../../src/server/process.ts';

const COMMAND: readonly string[] = JSON.parse(process.env.WIRE_COMMAND ?? '[]');
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter((entry) => entry[1] !== undefined),
) as Record<string, string>;

type Heard = { [M in keyof ServerNotifications]: ServerNotifications[M]['params'][] };

class Wire {
  readonly program: Running;
  readonly connection: MessageConnection;
  readonly heard: Heard = {
    'pi/chat/event': [],
    'pi/login/updated': [],
    'pi/auth/changed': [],
    'pi/models/changed': [],
  };
  #wake: () => void = () => undefined;

  constructor() {
    this.program = run(COMMAND, ENVIRONMENT, () => undefined);
    this.connection = createMessageConnection(
      new StreamMessageReader(this.program.output),
      new StreamMessageWriter(this.program.input),
    );
    for (const [method, all] of Object.entries(this.heard) as [string, unknown[]][]) {
      this.connection.onNotification(method, (params: unknown) => {
        all.push(params);
        this.#wake();
      });
    }
    this.connection.onClose(() => this.connection.dispose());
    this.connection.listen();
  }

  async ask<M extends keyof ClientRequests>(
    method: M,
    params: ClientRequests[M]['params'],
    source?: CancellationTokenSource,
  ): Promise<ClientRequests[M]['result']> {
    return source
      ? this.connection.sendRequest(method, params, source.token)
      : this.connection.sendRequest(method, params);
  }

  /** Until something that was heard fits */
  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  events(turnId: string): TurnEvent[] {
    const mine = this.heard['pi/chat/event'].filter((params: ChatEventParams) => params.turnId === turnId);
    assert.deepEqual(
      mine.map(({ seq }) => seq),
      mine.map((_, index) => index),
    );
    return mine.map(({ event }) => event);
  }

  async greet(): Promise<{ protocolVersion: number; methods: string[]; providers: string[] }> {
    const capabilities = { experimental: { pi: { approvals: true } } };
    const result = await this.connection.sendRequest<{ capabilities: { experimental: { pi: never } } }>(
      'initialize',
      {
        processId: process.pid,
        rootUri: null,
        capabilities,
        initializationOptions: { pi: { logLevel: 'debug' } },
      },
    );
    await this.connection.sendNotification('initialized', {});
    return result.capabilities.experimental.pi;
  }

  async end(): Promise<string> {
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    return this.program.ended;
  }
}

/** The code that the page shows to a person who allows everything */
async function approved({ step }: LoginAttempt): Promise<string> {
  assert.equal(step?.type, 'pasteCode');
  const form = { method: 'POST', body: 'decision=allow', redirect: 'manual' } as const;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(step.url, { ...form, headers });
  const page = await fetch(new URL(answer.headers.get('location') ?? '', step.url));
  const code = /<code id="code"[^>]*>([^<]+)<\/code>/.exec(await page.text())?.[1];
  assert.ok(code);
  return code;
}

function textOf(events: readonly TurnEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.delta : '')).join('');
}

function ended(events: readonly TurnEvent[]) {
  const ends = events.filter((event) => event.type === 'ended');
  assert.equal(ends.length, 1);
  assert.ok(ends[0]);
  return ends[0];
}

let wire = new Wire();
after(() => wire.program.kill(0));

async function refused(work: Promise<unknown>, code: string, action?: string): Promise<void> {
  const failure = await work.then(
    () => assert.fail('nothing failed'),
    (error: unknown) => failureOf(error),
  );
  assert.deepEqual([failure.code, failure.action], [code, action]);
}

test('it is greeted, and knows every method that is asked here', async () => {
  const { protocolVersion, methods, providers } = await wire.greet();
  assert.equal(protocolVersion, PROTOCOL_VERSION);
  assert.ok(providers.includes('anthropic'));
  for (const method of ['pi/providers', 'pi/login/start', 'pi/models', 'pi/chat', 'pi/logout', 'pi/health']) {
    assert.ok(methods.includes(method), method);
  }
});

test('before a sign-in there is no chat', async () => {
  await refused(wire.ask('pi/chat', { prompt: 'hello' }), 'login_required', 'login');
});

test('a wrong paste is refused, the right one signs in', async () => {
  const attempt = await wire.ask('pi/login/start', { provider: 'anthropic', method: 'pasteCode' });
  await refused(
    wire.ask('pi/login/submit', { loginId: attempt.loginId, code: 'FAKE#FAKEstate' }),
    'state_mismatch',
  );
  const code = await approved(attempt);
  const done = await wire.ask('pi/login/submit', { loginId: attempt.loginId, code });
  assert.deepEqual([done.state, done.step], ['succeeded', null]);
  assert.equal(wire.heard['pi/auth/changed'].at(-1)?.status.state, 'ready');
  assert.equal(wire.heard['pi/login/updated'].at(-1)?.attempt.state, 'succeeded');
});

test('models', async () => {
  const { models, defaultModel, stale } = await wire.ask('pi/models', {
    provider: 'anthropic',
    refresh: true,
  });
  assert.equal(stale, false);
  assert.equal(models.find(({ id }) => id === defaultModel)?.available, true);
});

test('a chat', async () => {
  const { message, stopReason } = await wire.ask('pi/chat', { turnId: 'whole', prompt: 'say 200 words' });
  const events = wire.events('whole');
  assert.equal(stopReason, 'endTurn');
  assert.equal(events[0]?.type, 'started');
  assert.deepEqual(ended(events).message, message);
  assert.equal(textOf(events).split(' ').length, 200);
});

test('a chat that is cancelled keeps what had come', async () => {
  const source = new CancellationTokenSource();
  const turn = refused(wire.ask('pi/chat', { turnId: 'cut', prompt: 'say 5000 words' }, source), 'cancelled');
  await wire.until(() => wire.events('cut').find(({ type }) => type === 'text'));
  source.cancel();
  await turn;
  const end = ended(wire.events('cut'));
  assert.equal(end.stopReason, 'cancelled');
  assert.deepEqual(end.message.content, [{ type: 'text', text: textOf(wire.events('cut')) }]);
});

test('a crash in the middle of an answer is an error that says retry', async () => {
  const turn = refused(
    wire.ask('pi/chat', { turnId: 'lost', prompt: 'say 5000 words' }),
    'server_stopped',
    'retry',
  );
  await wire.until(() => wire.events('lost').find(({ type }) => type === 'text'));
  process.kill(wire.program.pid ?? 0, 'SIGKILL');
  await turn;
  assert.equal(await wire.program.ended, 'it was ended by SIGKILL');
  await refused(wire.ask('pi/health', {}), 'server_stopped', 'retry');
});

test('the next server knows the account; signed out, nobody does', async () => {
  wire = new Wire();
  await wire.greet();
  const before = await wire.ask('pi/providers', {});
  assert.equal(before.providers.find(({ id }) => id === 'anthropic')?.status.state, 'ready');
  assert.deepEqual(await wire.ask('pi/logout', { provider: 'anthropic' }), {
    removed: true,
    stillAvailableFrom: null,
  });
  assert.equal(wire.heard['pi/auth/changed'].at(-1)?.status.state, 'loggedOut');
  await refused(wire.ask('pi/chat', { prompt: 'hello' }), 'login_required', 'login');
  await refused(wire.ask('pi/login/cancel', { loginId: 'nobody' }), 'unknown_attempt', 'login');
});

test('it ends when it is told to', async () => {
  assert.equal(await wire.end(), 'it ended with status 0');
});
