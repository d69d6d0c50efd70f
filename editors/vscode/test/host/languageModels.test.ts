// Our models as other extensions get them: asked for through VS Code's own API, answered by the simulator.
// In: ANTHROPIC_BASE_URL, where the simulator is, and PI_AGENT_DIR, where a sign-in is put.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, suiteTeardown, test } from 'mocha';
import * as vscode from 'vscode';

const { ANTHROPIC_BASE_URL: SIMULATOR = '', PI_AGENT_DIR: AGENT_DIR = '' } = process.env;
const HAIKU = { vendor: 'pi', id: 'anthropic/claude-haiku-5-5' };

// Parts of messages and of answers came later than the types that are compiled against.
interface Part {
  readonly value?: string;
  readonly callId?: string;
  readonly name?: string;
  readonly input?: object;
}
const { LanguageModelTextPart, LanguageModelToolResultPart, LanguageModelToolCallPart } =
  vscode as unknown as {
    LanguageModelTextPart: new (value: string) => Part;
    LanguageModelToolResultPart: new (callId: string, content: readonly Part[]) => Part;
    LanguageModelToolCallPart: new (callId: string, name: string, input: object) => Part;
  };
const user = (...content: Part[]) => said(vscode.LanguageModelChatMessage.User(''), content);
const assistant = (...content: Part[]) => said(vscode.LanguageModelChatMessage.Assistant(''), content);

function said(
  message: vscode.LanguageModelChatMessage,
  content: readonly Part[],
): vscode.LanguageModelChatMessage {
  return Object.assign(message, { content });
}

async function signIn(): Promise<void> {
  const response = await fetch(`${SIMULATOR}/_simulator/login`, { method: 'POST' });
  const anthropic = { type: 'oauth', ...((await response.json()) as object) };
  mkdirSync(AGENT_DIR, { recursive: true, mode: 0o700 });
  writeFileSync(join(AGENT_DIR, 'oauth.json'), JSON.stringify({ anthropic }), { mode: 0o600 });
}

/** What the next answer shall meet */
async function fault(what: object): Promise<void> {
  const body = JSON.stringify({ endpoint: 'messages', ...what });
  await fetch(`${SIMULATOR}/_simulator/faults`, { method: 'POST', body });
}

/** What the simulator has counted */
async function counters(): Promise<Readonly<Record<string, number>>> {
  const response = await fetch(`${SIMULATOR}/_simulator/log`);
  return ((await response.json()) as { counters: Record<string, number> }).counters;
}

/** Asked again whenever VS Code says that there are others. */
async function models(
  selector: vscode.LanguageModelChatSelector,
  isRight: (found: readonly vscode.LanguageModelChat[]) => boolean,
): Promise<readonly vscode.LanguageModelChat[]> {
  for (;;) {
    const changed = new Promise<void>((resolve) => {
      const listening = vscode.lm.onDidChangeChatModels(() => {
        listening.dispose();
        resolve();
      });
    });
    const found = await vscode.lm.selectChatModels(selector);
    if (isRight(found)) return found;
    await changed;
  }
}

async function haiku(): Promise<vscode.LanguageModelChat> {
  const [found] = await models(HAIKU, ({ length }) => length > 0);
  assert(found);
  return found;
}

async function answer(messages: vscode.LanguageModelChatMessage[], options: object = {}): Promise<Part[]> {
  const response = await (await haiku()).sendRequest(messages, options);
  const parts: Part[] = [];
  for await (const part of (response as unknown as { stream: AsyncIterable<Part> }).stream) parts.push(part);
  return parts;
}

function textOf(parts: readonly Part[]): string {
  return parts.map(({ value = '' }) => value).join('');
}

suite('the models for other extensions', () => {
  suiteSetup(async () => {
    await signIn();
    await vscode.commands.executeCommand('pi.server.restart');
  });
  suiteTeardown(() => rmSync(join(AGENT_DIR, 'oauth.json'), { force: true }));

  test('are those that can be used, with what they can', async () => {
    const { id, name, vendor, family, version, maxInputTokens } = await haiku();
    assert.deepEqual(
      { id, name, vendor, family, version },
      {
        ...HAIKU,
        name: 'Claude Haiku 5.5',
        family: 'claude-haiku-5-5',
        version: 'claude-haiku-5-5',
      },
    );
    assert(maxInputTokens > 100_000);
    const all = await vscode.lm.selectChatModels({ vendor: 'pi' });
    assert.deepEqual([...new Set(all.map((model) => model.id.split('/')[0]))], ['anthropic']);
  });

  test('answer a text', async () => {
    assert.match(textOf(await answer([user(new LanguageModelTextPart('say 3 words'))])), /^\w+ \w+ \w+/);
  });

  test('know what was said', async () => {
    const text = (value: string) => new LanguageModelTextPart(value);
    const parts = await answer([
      user(text('say 1 words')),
      assistant(text('One')),
      user(text('say 2 words')),
    ]);
    assert.match(textOf(parts), /^\w+ \w+/);
  });

  test('call a tool of the extension, and go on with what it said', async () => {
    const tools = [
      {
        name: 'weather',
        description: 'The weather of a city',
        inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
      },
    ];
    const asked = user(new LanguageModelTextPart('use tool weather {"city": "Oslo"}'));
    const parts = await answer([asked], { tools });
    const call = parts.find((part) => part instanceof LanguageModelToolCallPart);
    assert(call?.callId && call.name && call.input);
    assert.deepEqual([call.name, call.input], ['weather', { city: 'Oslo' }]);
    const results = user(
      new LanguageModelToolResultPart(call.callId, [new LanguageModelTextPart('Rain, seven degrees')]),
    );
    const more = await answer(
      [asked, assistant(new LanguageModelToolCallPart(call.callId, call.name, call.input)), results],
      { tools },
    );
    assert.match(textOf(more), /Rain, seven degrees/);
  });

  test('stop when they are told to', async () => {
    await fault({ stall_after_events: 8 });
    const stop = new vscode.CancellationTokenSource();
    const asked = [user(new LanguageModelTextPart('say 90 words'))];
    const response = await (await haiku()).sendRequest(asked, {}, stop.token);
    const stream = (response as unknown as { stream: AsyncIterable<Part> }).stream[Symbol.asyncIterator]();
    assert(!(await stream.next()).done);
    stop.cancel();
    while ((await counters())['messages.cancelled'] !== 1);
  });

  test('count about four characters for a token', async () => {
    assert.equal(await (await haiku()).countTokens('twelve chars'), 3);
  });

  const refusals = [
    ['NotFound', { status: 404, message: 'model: claude-haiku-5-5' }],
    ['NoPermissions', { status: 403 }],
    ['Blocked', { status: 402 }],
  ] as const;
  for (const [kind, refusal] of refusals)
    test(`say of a refusal that it is ${kind}`, async () => {
      await fault(refusal);
      await assert.rejects(
        answer([user(new LanguageModelTextPart('say 1 words'))]),
        (error: unknown) => error instanceof vscode.LanguageModelError && error.code === kind,
      );
    });

  test('go when they are not wanted, and come back', async () => {
    const settings = vscode.workspace.getConfiguration('pi');
    try {
      await settings.update('languageModels', false, vscode.ConfigurationTarget.Global);
      await models({ vendor: 'pi' }, ({ length }) => length === 0);
    } finally {
      await settings.update('languageModels', undefined, vscode.ConfigurationTarget.Global);
    }
    await haiku();
  });

  test('go with the sign-in', async () => {
    rmSync(join(AGENT_DIR, 'oauth.json'));
    await models({ vendor: 'pi' }, ({ length }) => length === 0);
  });
});
