// Kept chats, renamed, deleted and exported. In: a chat by its id and title. Out: what the server keeps, a document.
// Never here: a chat deleted without having been asked about.
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { Uri, window, workspace } from 'vscode';
import type { Models } from '../models/models.ts';
import type { Chat } from '../protocol.ts';
import { askModally, sayError } from '../say.ts';
import { failureOf, isSaid, sentenceOf } from '../server/failures.ts';
import type { Pi } from '../server/pi.ts';
import type { OpenChats } from './chats.ts';
import { readChat, turnsKept } from './kept.ts';
import { markdownOf } from './markdown.ts';
import { plural } from './numbers.ts';
import { folderPath } from './work.ts';

export type Named = Pick<Chat, 'chatId' | 'title'>;

export interface Management {
  /** The chat as it is now; undefined when nothing was changed */
  rename(chat: Named): Promise<Named | undefined>;
  /** Whether it is gone */
  remove(chat: Named): Promise<boolean>;
  export(chat: Named): Promise<void>;
}

export function management(pi: Pi, models: Models, chats: OpenChats): Management {
  return {
    rename: (chat) => said(() => rename(pi, chats, chat)),
    remove: async (chat) => (await said(() => remove(pi, chats, chat))) ?? false,
    export: async (chat) => void (await said(() => exportChat(pi, models, chat))),
  };
}

async function rename(pi: Pi, chats: OpenChats, chat: Named): Promise<Named | undefined> {
  const title = await window.showInputBox({
    title: 'Rename Chat',
    value: chat.title,
    prompt: 'A title for this chat',
    validateInput: (value) => (value.trim() ? null : 'A title has at least one visible character'),
  });
  if (title === undefined || title.trim() === chat.title) return undefined;
  const renamed = await pi.request('pi/chat/rename', { chatId: chat.chatId, title });
  chats.sessions.find(({ chatId }) => chatId === chat.chatId)?.rename(renamed.chat);
  return renamed.chat;
}

async function remove(pi: Pi, chats: OpenChats, chat: Named): Promise<boolean> {
  const text = `Delete the chat “${chat.title}”?`;
  const question = { text, detail: 'What was said in it cannot be brought back.', isGrave: true };
  if ((await askModally(question, 'Delete')) !== 'Delete') return false;
  // An answer that is still coming would write to it.
  chats.sessions.find(({ chatId }) => chatId === chat.chatId)?.stop();
  await pi.request('pi/chat/delete', { chatId: chat.chatId });
  chats.gone(chat.chatId);
  return true;
}

const WHERE = [
  { label: '$(file) Open as a Document', save: false },
  { label: '$(save) Save As…', save: true },
] as const;

async function exportChat(pi: Pi, models: Models, chat: Named): Promise<void> {
  const where = await window.showQuickPick(WHERE, {
    title: 'Export Chat as Markdown',
    placeHolder: chat.title,
  });
  if (!where) return;
  const { messages } = await readChat(pi.request.bind(pi), chat.chatId);
  const content = markdownOf(chat.title, turnsKept(messages), (id) => models.find(id)?.name ?? id);
  if (where.save) return save(chat.title, content);
  await window.showTextDocument(await workspace.openTextDocument({ language: 'markdown', content }));
}

async function save(title: string, content: string): Promise<void> {
  const name = `${
    title
      .replace(/[^\p{L}\p{N} ._-]+/gu, '')
      .trim()
      .slice(0, 60) || 'chat'
  }.md`;
  const uri = await window.showSaveDialog({
    defaultUri: Uri.file(join(folderPath() ?? '/', name)),
    filters: { Markdown: ['md'] },
  });
  if (!uri) return;
  await workspace.fs.writeFile(uri, Buffer.from(content));
  window.setStatusBarMessage(`pi: Exported ${plural(content.split('\n').length - 1, 'line')}`, 5000);
}

async function said<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    tellFailure(error);
    return undefined;
  }
}

/** Once: what the server's own notification says is not said again. */
export function tellFailure(error: unknown): void {
  if (isSaid(error) || failureOf(error).code === 'cancelled') return;
  void sayError(`pi: ${sentenceOf(error)}`);
}
