// What the chat consists of. In: the server, accounts, models. Out: views, commands, the chats for others to ask in.
// Never here: how anything works.
import { commands, Disposable, type ExtensionContext, Uri, window } from 'vscode';
import type { Accounts } from '../auth/accounts.ts';
import type { Models } from '../models/models.ts';
import { sayInfo } from '../say.ts';
import type { Pi } from '../server/pi.ts';
import { connectViews } from './actions.ts';
import { type Chats, OpenChats } from './chats.ts';
import { pieceOfProblems, pieceOfRange } from './context.ts';
import { Diffs } from './diffs.ts';
import { lend } from './keyboard.ts';
import { showChats } from './list.ts';
import { type Management, management, type Named } from './manage.ts';
import { registerViews } from './views.ts';

export type { Chats };

export function registerChat(context: ExtensionContext, pi: Pi, accounts: Accounts, models: Models): Chats {
  const chats = new OpenChats(pi, accounts, models, context.workspaceState);
  const diffs = new Diffs();
  const manage = management(pi, models, chats);
  const table: Readonly<Record<string, (...given: readonly unknown[]) => unknown>> = {
    'pi.openChat': () => chats.open(),
    'pi.chat.new': (...given) => here(chats, given).newChat(),
    'pi.chat.openInEditor': (...given) => chats.places.openTab(here(chats, given).places.current.session),
    'pi.chat.list': (...given) => listChats(pi, here(chats, given), manage, given.length > 0),
    'pi.chat.rename': (...given) => withCurrent(here(chats, given), manage.rename),
    'pi.chat.delete': (...given) => withCurrent(here(chats, given), manage.remove),
    'pi.chat.export': (...given) => withCurrent(here(chats, given), manage.export),
    'pi.chat.stop': () => stop(chats),
    'pi.chat.addSelection': () => addSelection(chats),
    'pi.chat.addFile': (uri, all) => addFiles(chats, uri, all),
    'pi.chat.addDiagnostics': () => addProblems(chats),
  };
  context.subscriptions.push(
    diffs,
    connectViews(chats, { work: chats.work, diffs }),
    registerViews(chats, context.extensionUri),
    Disposable.from(...Object.entries(table).map(([name, run]) => commands.registerCommand(name, run))),
  );
  return chats;
}

// A button in the title of the view hands over an argument, although an empty one; the palette and the view none.
function here(chats: OpenChats, given: readonly unknown[]): OpenChats {
  if (given.length) chats.places.use(chats.places.side);
  return chats;
}

function listChats(pi: Pi, chats: OpenChats, manage: Management, isFromChat: boolean): Promise<void> {
  const { places } = chats;
  const list = () => showChats(pi, chats, manage);
  return isFromChat ? lend(places, places.current, list) : list();
}

// Escape comes here too, so nothing is said that has to be closed.
function stop(chats: OpenChats): void {
  if (chats.places.current.session.stop()) return;
  window.setStatusBarMessage('pi: No answer is coming in this chat', 3000);
}

async function withCurrent(chats: OpenChats, act: (chat: Named) => Promise<unknown>): Promise<void> {
  const { chatId, title } = chats.places.current.session;
  if (chatId === null) return say('This chat has not begun yet');
  await act({ chatId, title });
}

async function addSelection(chats: OpenChats): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor || editor.selection.isEmpty) return say('Select the lines first');
  await chats.attach([pieceOfRange(editor.document, editor.selection)]);
}

// From the explorer with all that is selected there, from an editor's menu with its document, else the active one.
async function addFiles(chats: OpenChats, uri: unknown, all: unknown): Promise<void> {
  const given = [...(Array.isArray(all) ? all : []), uri].filter((one) => one instanceof Uri);
  const active = window.activeTextEditor?.document.uri;
  const uris = given.length ? given : active ? [active] : [];
  if (!uris.length) return say('Open a file first');
  const several = [...new Map(uris.map((one) => [one.toString(), one])).values()];
  await chats.open();
  await chats.attachUris(chats.places.current.session, several);
}

async function addProblems(chats: OpenChats): Promise<void> {
  const editor = window.activeTextEditor;
  const piece = editor && pieceOfProblems(editor.document.uri);
  if (!piece) return say('There are no problems in this file');
  await chats.attach([piece]);
}

function say(text: string): void {
  void sayInfo(`pi: ${text}`);
}
