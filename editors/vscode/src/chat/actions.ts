// What the person does in a view, a row each. In: messages of the webview. Out: what is done about them.
// Never here: a command of VS Code that is not one of the view's own buttons.
import { commands, type Disposable, window } from 'vscode';
import { copyText } from '../auth/browser.ts';
import type { OpenChats } from './chats.ts';
import { applyCode, type Bench, insertCode } from './code.ts';
import { imageOf, uriOf } from './context.ts';
import { Completions } from './files.ts';
import { tellFailure } from './manage.ts';
import type { FromView, ViewCommand } from './messages.ts';
import { follow } from './opening.ts';
import type { Place } from './place.ts';
import { previewDiff } from './preview.ts';
import type { Session } from './session.ts';
import { type SlashName, slashOf } from './slash.ts';

type Rows = {
  readonly [T in FromView['type']]: (place: Place, message: Extract<FromView, { type: T }>) => unknown;
};

const COMMANDS: Readonly<Record<ViewCommand, true>> = {
  'pi.signIn': true,
  'pi.accounts': true,
  'pi.chooseModel': true,
  'pi.chat.new': true,
  'pi.chat.list': true,
  'pi.server.install': true,
  'pi.server.restart': true,
  'pi.server.select': true,
  'pi.showLog': true,
  'pi.showDiagnostics': true,
};

export function connectViews(chats: OpenChats, bench: Bench): Disposable {
  const completions = new Completions();
  const rows: Rows = {
    ready: ({ session }) => chats.seen(session),
    send: (place, { prompt }) => submit(chats, place, prompt),
    stop: ({ session }) => session.stop(),
    resend: ({ session }, { turnId, prompt }) => session.resend(turnId, prompt),
    draft: ({ session }, { text }) => session.typed(text),
    complete: async (place, { query }) => {
      const items = await completions.find(query);
      if (items) place.post({ type: 'completions', query, items });
    },
    attach: ({ session }, { uris }) =>
      chats.attachUris(
        session,
        uris.map(uriOf).filter((uri) => uri !== undefined),
      ),
    attachImage: ({ session }, { name, picture }) => attachImage(chats, session, name, picture),
    detach: ({ session }, { chipId }) => session.detach(chipId),
    code: ({ session }, { action, text }) => CODE[action](bench, session, text),
    copy: (_, { text }) => copyText(text),
    link: ({ session }, { href }) => follow(href, session.cwd),
    approve: ({ session }, { toolCallId, optionId }) => chats.approvals.answer(session, toolCallId, optionId),
    showDiff: ({ session }, { toolCallId }) => showDiff(chats, bench, session, toolCallId),
    command: (_, { command }) => COMMANDS[command] && commands.executeCommand(command),
  };
  chats.hear = (place, message) => {
    if (message.type !== 'ready') chats.use(place);
    void act(rows, place, message);
  };
  return { dispose: () => (chats.hear = () => {}) };
}

async function act(rows: Rows, place: Place, message: FromView): Promise<void> {
  try {
    await (rows[message.type] as (place: Place, message: FromView) => unknown)(place, message);
  } catch (error) {
    tellFailure(error);
  }
}

const CODE = {
  copy: (_bench: Bench, _session: Session, text: string) => copyText(text),
  insert: (bench: Bench, _session: Session, text: string) => insertCode(bench, text),
  apply: applyCode,
} as const;

async function submit(chats: OpenChats, place: Place, prompt: string): Promise<void> {
  const { session } = place;
  const slash = slashOf(prompt);
  switch (slash.type) {
    case 'text':
      return session.send(prompt);
    case 'unknown':
      return session.refuse(
        prompt,
        `There is no command /${slash.name}; with a space before it, it is sent as text`,
      );
    case 'command':
      // The view has cleared its prompt; told to, it would take the focus from what opens now.
      session.typed(slash.rest);
      session.setNotice(null);
      return SLASHES[slash.name](chats, place, slash.argument, slash.rest);
  }
}

const SLASHES: Readonly<
  Record<SlashName, (chats: OpenChats, place: Place, argument: string, rest: string) => Promise<void>>
> = {
  login: async (_chats, _place, argument) =>
    void (await commands.executeCommand('pi.signIn', ...firstWord(argument))),
  logout: async (_chats, _place, argument) =>
    void (await commands.executeCommand('pi.signOut', ...firstWord(argument))),
  model: async (_chats, { session }, argument, rest) => {
    await commands.executeCommand('pi.chooseModel', ...(argument ? [argument] : []));
    if (rest) session.setDraft(rest);
  },
  new: async (chats, place, argument, rest) => {
    place.session.typed('');
    chats.use(place);
    await chats.newChat();
    const text = [place.session.draft, argument, rest].filter(Boolean).join('\n');
    if (argument || rest) place.session.setDraft(text);
  },
};

function firstWord(text: string): string[] {
  return text.split(/\s+/).filter(Boolean).slice(0, 1);
}

function attachImage(
  chats: OpenChats,
  session: Session,
  name: string,
  picture: Parameters<typeof imageOf>[1],
): void {
  try {
    chats.attachTo(session, [imageOf(name, picture)]);
  } catch (error) {
    session.setNotice((error as Error).message);
  }
}

async function showDiff(chats: OpenChats, bench: Bench, session: Session, toolCallId: string): Promise<void> {
  const approval = session.approvals.find((one) => one.toolCallId === toolCallId);
  const tools = session.turns.flatMap((turn) => turn.items.filter((item) => item.type === 'tool'));
  const tool = tools.findLast((item) => item.id === toolCallId);
  const diff = approval?.diff ?? tool?.diff;
  if (!diff) return;
  const title = approval?.title ?? tool?.title ?? 'Proposed change';
  const id = await previewDiff(bench.diffs, diff, {
    title,
    cwd: session.cwd,
    ...(approval && { decision: decisionOn(chats, session, toolCallId) }),
  });
  if (approval && id) closeWhenAnswered(chats, bench, session, toolCallId, id);
}

function decisionOn(chats: OpenChats, session: Session, toolCallId: string) {
  const decide = (how: 'allow' | 'reject') => async () => {
    if (chats.approvals.decide(session, toolCallId, how)) return;
    void window.showInformationMessage('pi: This question is no longer waiting for an answer');
  };
  return { accept: decide('allow'), reject: decide('reject') };
}

// Answered here, in the chat or nowhere, because it was withdrawn: the tab has no meaning any more.
function closeWhenAnswered(
  chats: OpenChats,
  bench: Bench,
  session: Session,
  toolCallId: string,
  id: string,
): void {
  const watch = chats.approvals.onSettled((asked, settled) => {
    if (asked !== session || settled !== toolCallId) return;
    watch.dispose();
    void bench.diffs.close(id);
  });
}
