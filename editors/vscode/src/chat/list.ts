// The list of kept chats: searched, opened, renamed, deleted, exported. In: `pi/chat/list`, page by page. Out: a chat
// in a view or a tab. It is open at once and fills while it is open. Never here: how chats are grouped (listing).
import {
  CancellationTokenSource,
  type QuickInputButton,
  type QuickPick,
  type QuickPickItem,
  QuickPickItemKind,
  ThemeIcon,
  window,
  workspace,
} from 'vscode';
import type { Chat, ChatListResult } from '../protocol.ts';
import type { Pi } from '../server/pi.ts';
import type { OpenChats } from './chats.ts';
import { grouped } from './listing.ts';
import { type Management, tellFailure } from './manage.ts';
import { ago, plural } from './numbers.ts';

interface Row extends QuickPickItem {
  readonly chat?: Chat;
}

type Action = 'rename' | 'remove' | 'export' | 'openTab';

interface Button extends QuickInputButton {
  readonly action: Action;
}

const PAGE = 100;
const LIMIT = 2000;
const BUTTONS: readonly Button[] = [
  { action: 'openTab', iconPath: new ThemeIcon('link-external'), tooltip: 'Open in Editor Tab' },
  { action: 'rename', iconPath: new ThemeIcon('edit'), tooltip: 'Rename…' },
  { action: 'export', iconPath: new ThemeIcon('export'), tooltip: 'Export as Markdown…' },
  { action: 'remove', iconPath: new ThemeIcon('trash'), tooltip: 'Delete…' },
];

interface List {
  readonly pick: QuickPick<Row>;
  readonly chats: OpenChats;
  readonly closing: CancellationTokenSource;
  listed: readonly Chat[];
}

export async function showChats(pi: Pi, chats: OpenChats, manage: Management): Promise<void> {
  const place = chats.places.current;
  const pick = window.createQuickPick<Row>();
  const closing = new CancellationTokenSource();
  const list: List = { pick, chats, closing, listed: [] };
  pick.title = 'Chats';
  pick.placeholder = 'Search by title or folder';
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.onDidAccept(() => {
    const chat = pick.selectedItems[0]?.chat;
    pick.hide();
    if (chat) void chats.showIn(place, chats.opened(chat));
  });
  actOnButtons(list, manage);
  pick.show();
  await load(pi, list);
  if (!closing.token.isCancellationRequested)
    await new Promise((resolve) => closing.token.onCancellationRequested(resolve));
  pick.dispose();
  closing.dispose();
}

// A question hides the list, which comes back after it. Not when nothing was renamed: Esc and another list that took
// the place of the box look alike, and that one is not to be covered.
function actOnButtons(list: List, manage: Management): void {
  const { pick, closing } = list;
  let asking = false;
  pick.onDidHide(() => asking || closing.cancel());
  pick.onDidTriggerItemButton(async ({ item, button }) => {
    if (!item.chat || asking) return;
    const { action } = button as Button;
    asking = action === 'rename' || action === 'remove';
    pick.hide();
    const comesBack = await act(list, manage, action, item.chat);
    asking = false;
    if (comesBack) pick.show();
    else closing.cancel();
  });
}

/** Whether the list comes back */
async function act(list: List, manage: Management, action: Action, chat: Chat): Promise<boolean> {
  switch (action) {
    case 'openTab':
      list.chats.places.openTab(list.chats.opened(chat));
      return false;
    case 'export':
      await manage.export(chat);
      return false;
    case 'rename': {
      const renamed = await manage.rename(chat);
      if (renamed) drawChanged(list, chat, [{ ...chat, title: renamed.title }]);
      return renamed !== undefined;
    }
    case 'remove':
      if (await manage.remove(chat)) drawChanged(list, chat, []);
      return true;
  }
}

function drawChanged(list: List, chat: Chat, become: readonly Chat[]): void {
  draw(
    list,
    list.listed.flatMap((one) => (one.chatId === chat.chatId ? become : [one])),
  );
}

async function load(pi: Pi, list: List): Promise<void> {
  const { pick, closing } = list;
  pick.busy = true;
  try {
    let cursor: string | null = null;
    do {
      const params = { limit: PAGE, ...(cursor !== null && { cursor }) };
      const page: ChatListResult = await pi.request('pi/chat/list', params, closing.token);
      draw(list, [...list.listed, ...page.chats]);
      cursor = page.nextCursor;
    } while (cursor !== null && !closing.token.isCancellationRequested && list.listed.length < LIMIT);
    if (!list.listed.length) pick.placeholder = 'No chats yet';
  } catch (error) {
    pick.hide();
    tellFailure(error);
  }
  pick.busy = false;
}

function draw(list: List, listed: readonly Chat[]): void {
  list.listed = listed;
  redraw(list.pick, rowsOf(listed, list.chats));
}

// What is highlighted stays highlighted.
function redraw(pick: QuickPick<Row>, rows: readonly Row[]): void {
  const active = pick.activeItems[0]?.chat?.chatId;
  pick.keepScrollPosition = true;
  pick.items = rows;
  const again = rows.find(({ chat }) => active !== undefined && chat?.chatId === active);
  if (again) pick.activeItems = [again];
}

function rowsOf(all: readonly Chat[], chats: OpenChats): Row[] {
  const folders = (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  const now = Date.now();
  return grouped(all, folders, now).flatMap(({ label, chats: members }) => [
    { label, kind: QuickPickItemKind.Separator },
    ...members.map((chat) => rowOf(chat, chats, folders, now)),
  ]);
}

function rowOf(chat: Chat, chats: OpenChats, folders: readonly string[], now: number): Row {
  const session = chats.sessions.find(({ chatId }) => chatId === chat.chatId);
  const mark = session?.running ? '$(sync~spin) ' : session?.shown ? '$(comment-discussion) ' : '';
  const elsewhere = chat.cwd !== null && !folders.includes(chat.cwd);
  return {
    label: mark + chat.title,
    description: `${ago(now, chat.updatedAt)} · ${plural(chat.messageCount, 'message')}`,
    ...(elsewhere && chat.cwd !== null && { detail: chat.cwd }),
    buttons: BUTTONS,
    chat,
  };
}
