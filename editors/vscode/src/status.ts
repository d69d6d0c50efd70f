// The one item in the status bar, and the menu behind it. In: the server, accounts, models, chats as they change.
// Out: what is used, what is going on, and a click that helps. Never here: anything before pi was used in this window.
import {
  commands,
  Disposable,
  MarkdownString,
  type QuickPickItem,
  QuickPickItemKind,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  window,
} from 'vscode';
import type { Accounts } from './auth/accounts.ts';
import { variableOf } from './auth/describe.ts';
import type { Chats } from './chat/register.ts';
import { obstacleOf, providerOf } from './models/describe.ts';
import type { Models } from './models/models.ts';
import type { Phase, Pi } from './server/pi.ts';
import { type Situation, statusLine } from './statusLine.ts';

export function registerStatus(pi: Pi, accounts: Accounts, models: Models, chats: Chats): Disposable {
  const item = window.createStatusBarItem('pi.status', StatusBarAlignment.Right, 100);
  item.name = 'pi';
  let wasWanted = false;
  const draw = () => {
    const now = situation(pi, accounts, models, chats);
    // A model list that somebody else asked for is no use of pi yet: until the server was wanted, nothing is shown.
    wasWanted ||= now.phase !== 'stopped' || now.auth !== 'unknown';
    if (wasWanted) show(item, now);
  };
  draw();
  return Disposable.from(
    item,
    pi.onDidChangeState(draw),
    accounts.onDidChange(draw),
    models.onDidChange(draw),
    chats.onDidChangeRunning(draw),
    commands.registerCommand('pi.menu', () => showMenu(pi, accounts, models)),
  );
}

function show(item: StatusBarItem, now: Situation): void {
  const line = statusLine(now);
  item.text = line.text;
  item.command = line.command;
  item.tooltip = tooltip([...line.lines, `Click to ${line.click}`]);
  item.backgroundColor =
    line.severity === 'warning' ? new ThemeColor('statusBarItem.warningBackground') : undefined;
  const said = line.text.replace(/\$\([^)]*\)\s*/g, '');
  const who = said.startsWith('pi') ? said : `pi: ${said}`;
  item.accessibilityInformation = { role: 'button', label: [who, ...line.lines].join(', ') };
  item.show();
}

function tooltip(lines: readonly string[]): MarkdownString {
  const text = new MarkdownString();
  for (const line of lines) text.appendText(line).appendMarkdown('\n\n');
  return text;
}

function situation(pi: Pi, accounts: Accounts, models: Models, chats: Chats): Situation {
  const { phase, reason, version } = pi.state;
  const id = models.current;
  const model = models.find(id);
  const provider = id === undefined ? undefined : accounts.find(providerOf(id));
  return {
    phase,
    reason,
    version,
    auth: accounts.state,
    running: chats.running,
    model: model?.name ?? id,
    provider: provider?.name,
    account: provider?.status.account ?? undefined,
    credential: credential(provider?.status.source ?? null),
    reasoning: models.reasoningFor(id),
    obstacle: obstacleOf(id, model, accounts.providers),
  };
}

function credential(source: string | null): string | undefined {
  if (source === null) return undefined;
  const variable = variableOf(source);
  if (variable !== null) return `${variable} from the environment`;
  return source === 'apiKey' ? 'a stored API key' : 'a stored sign-in';
}

interface Choice extends QuickPickItem {
  readonly command?: string;
}

async function showMenu(pi: Pi, accounts: Accounts, models: Models): Promise<void> {
  const picked = await window.showQuickPick(menuItems(pi, accounts, models), {
    title: 'pi',
    placeHolder: 'What to do',
    matchOnDescription: true,
  });
  if (picked?.command) await commands.executeCommand(picked.command);
}

const SELECT = { label: '$(server-process) Select Server Program…', command: 'pi.server.select' };
const SERVER_ITEMS: Readonly<Partial<Record<Phase, readonly Choice[]>>> = {
  missing: [{ label: '$(cloud-download) Install Server…', command: 'pi.server.install' }, SELECT],
  misconfigured: [{ label: '$(settings-gear) Open Settings', command: 'pi.openSettings' }, SELECT],
};

function menuItems(pi: Pi, accounts: Accounts, models: Models): Choice[] {
  const id = models.current;
  const model = models.find(id)?.name ?? id ?? '';
  const isIn = accounts.providers.some(({ status }) => status.state !== 'loggedOut');
  const names = accounts.providers.flatMap((one) => (one.status.state === 'ready' ? [one.name] : []));
  return [
    { label: '$(sparkle) Choose Model…', description: model, command: 'pi.chooseModel' },
    separator('Chat'),
    { label: '$(comment-discussion) Open Chat', command: 'pi.openChat' },
    { label: '$(add) New Chat', command: 'pi.chat.new' },
    { label: '$(history) Chats…', command: 'pi.chat.list' },
    separator('Accounts'),
    { label: '$(account) Accounts…', description: names.join(', '), command: 'pi.accounts' },
    { label: '$(sign-in) Sign In…', command: 'pi.signIn' },
    ...(isIn ? [{ label: '$(sign-out) Sign Out…', command: 'pi.signOut' }] : []),
    separator('Server'),
    ...(SERVER_ITEMS[pi.state.phase] ?? [
      { label: '$(refresh) Restart Server', command: 'pi.server.restart' },
    ]),
    { label: '$(output) Show Log', command: 'pi.showLog' },
    { label: '$(info) Show Diagnostics', command: 'pi.showDiagnostics' },
  ];
}

function separator(label: string): Choice {
  return { label, kind: QuickPickItemKind.Separator };
}
