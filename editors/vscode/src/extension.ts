// What the extension consists of. In: VS Code's context. Out: nothing but what is registered; it is all let go with the
// context, the server first and with time to save what it holds. Never here: how anything works.
import { setTimeout as delay } from 'node:timers/promises';
import type { ExtensionContext } from 'vscode';
import { Accounts } from './auth/accounts.ts';
import { registerAuth } from './auth/register.ts';
import { registerChat } from './chat/register.ts';
import { registerEditor } from './editor/register.ts';
import { Models } from './models/models.ts';
import { registerModels } from './models/register.ts';
import { createLog } from './server/log.ts';
import { registerServer } from './server/register.ts';
import { Server } from './server/server.ts';
import { watchSettings } from './settings.ts';
import { registerStatus } from './status.ts';

/** VS Code waits for about 5 s. */
const PARTING_MS = 4_000;

let running: Server | undefined;

export function activate(context: ExtensionContext): void {
  const log = createLog();
  const server = new Server(log);
  running = server;
  const accounts = new Accounts(server);
  const models = new Models(server, accounts, context.workspaceState, context.globalState);
  const chats = registerChat(context, server, accounts, models);
  context.subscriptions.push(
    log,
    watchSettings((complaint) => log.warn(complaint)),
    server,
    accounts,
    models,
    chats,
    registerServer(context, server, accounts, log),
    registerAuth(server, accounts),
    registerModels(server, accounts, models, context.globalState),
    registerEditor(chats),
    registerStatus(server, accounts, models, chats),
  );
}

export async function deactivate(): Promise<void> {
  await Promise.race([running?.close(), delay(PARTING_MS, undefined, { ref: false })]);
}
