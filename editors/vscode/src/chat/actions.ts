// What the person does in a view, a row each. In: messages of the webview. Out: what is done about them.
// Never here: a command of VS Code that is not one of the view's own buttons.
import { commands, type Disposable } from 'vscode';
import { copyText } from '../auth/browser.ts';
import { sayInfo } from '../say.ts';
import type { OpenChats } from './chats.ts';
import { applyCode, type Bench, insertCode } from './code.ts';
import { imageOf, uriOf } from './context.ts';
import { appended } from './drafts.ts';
import { Completions } from './files.ts';
import { lend } from './keyboard.ts';
import { tellFailure } from './manage.ts';
import type { FromView, ViewCommand } from './messages.ts';
import { follow } from './opening.ts';
import type { Place } from './place.ts';
import { previewDiff } from './preview.ts';
import type { Session } from './session.ts';
import { type SlashName, slashOf } from './slash.ts';
import { visible } from './visible.ts';

type Rows = {
  readonly [T in FromView['type']]: (place: Place, message: Extract<FromView, { type: T }>) => unknown;
};

type Doing = (chats: OpenChats, place: Place, command: string, ...given: unknown[]) => unknown;

/** After it the person goes on typing. */
const asks: Doing = (chats, place, command, ...given) =>
  lend(chats.places, place, () => commands.executeCommand(command, ...given));
const signIn: Doing = (chats, place, command, wanted) =>
  lend(chats.places, place, (leave) => commands.executeCommand(command, wanted, leave));
const opens: Doing = (_chats, _place, command) => commands.executeCommand(command);

const COMMANDS: Readonly<Record<ViewCommand, Doing>> = {
  'pi.signIn': signIn,
  'pi.accounts': opens,
  'pi.chooseModel': asks,
  'pi.chat.new': opens,
  'pi.chat.list': asks,
  'pi.server.install': opens,
  'pi.server.restart': opens,
  'pi.server.select': asks,
  'pi.openSettings': opens,
  'pi.showLog': opens,
  'pi.showDiagnostics': opens,
};

export function connectViews(chats: OpenChats, bench: Bench): Disposable {
  const completions = new Completions();
  const rows: Rows = {
    ready: ({ session }) => chats.seen(session),
    send: (place, { prompt }) => {
      // The view has cleared its prompt.
      place.session.input.typed('', place);
      return submit(chats, place, prompt, (session) => session.send(prompt));
    },
    stop: ({ session }) => session.stop(),
    resend: (place, { turnId, prompt }) =>
      submit(chats, place, prompt, (session) => session.resend(turnId, prompt)),
    draft: (place, { session, text }) => chats.keepDraft(session, text, place),
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
    detach: ({ session }, { chipId }) => session.input.detach(chipId),
    code: ({ session }, { action, text }) => CODE[action](bench, session, text),
    copy: (_, { text }) => copyText(text),
    link: ({ session }, { href }) => follow(href, session.cwd),
    approve: ({ session }, { id, optionId }) => chats.approvals.answer(session, id, optionId),
    showDiff: ({ session }, { toolCallId }) => showDiff(chats, bench, session, toolCallId),
    command: (place, { command }) => COMMANDS[command]?.(chats, place, command),
    signIn: (place, { provider = chats.providerOf(place.session), method }) =>
      signIn(chats, place, 'pi.signIn', { provider, method }),
  };
  chats.places.hear = (place, message) => {
    if (message.type !== 'ready') chats.places.use(place);
    void act(rows, place, message);
  };
  return { dispose: () => (chats.places.hear = () => {}) };
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

// Whether it is asked for the first time or anew.
async function submit(
  chats: OpenChats,
  place: Place,
  prompt: string,
  ask: (session: Session) => Promise<void>,
): Promise<unknown> {
  const { session } = place;
  const slash = slashOf(prompt);
  switch (slash.type) {
    case 'text':
      return ask(session);
    case 'unknown':
      return session.refuse(
        prompt,
        `There is no command /${slash.name}; with a space before it, it is sent as text`,
      );
    case 'command':
      session.setNotice(null);
      return SLASHES[slash.name](chats, place, slash.argument, slash.rest);
  }
}

type Slash = (chats: OpenChats, place: Place, argument: string, rest: string) => unknown;

const slashing =
  (doing: Doing, command: string, given = firstWord): Slash =>
  (chats, place, argument, rest) => {
    // At once, as the command may take minutes, and without the focus, which that takes.
    place.session.input.typed(appended(place.session.input.text, rest));
    return doing(chats, place, command, ...(argument ? [given(argument)] : []));
  };

function firstWord(text: string): string {
  return text.split(/\s+/, 1).join();
}

const SLASHES: Readonly<Record<SlashName, Slash>> = {
  login: slashing(signIn, 'pi.signIn'),
  logout: slashing(asks, 'pi.signOut'),
  model: slashing(asks, 'pi.chooseModel', (filter) => filter),
  new: async (chats, place, argument, rest) => {
    await chats.newChat(place);
    place.session.input.append([argument, rest].filter(Boolean).join('\n'));
  },
};

function attachImage(
  chats: OpenChats,
  session: Session,
  name: string,
  picture: Parameters<typeof imageOf>[1],
): void {
  try {
    chats.attachTo(session, [imageOf(name, picture)]);
  } catch (error) {
    session.setNotice({ text: (error as Error).message });
  }
}

async function showDiff(chats: OpenChats, bench: Bench, session: Session, toolCallId: string): Promise<void> {
  const approval = session.approvals.find((one) => one.toolCallId === toolCallId);
  const tools = session.turns.flatMap((turn) => turn.items.filter((item) => item.type === 'tool'));
  const tool = tools.findLast((item) => item.id === toolCallId);
  const diff = approval?.diff ?? tool?.diff;
  if (!diff) return;
  const title = visible(approval?.title ?? tool?.title ?? 'Proposed change');
  const id = await previewDiff(bench.diffs, diff, {
    title,
    cwd: session.cwd,
    ...(approval && { decision: decisionOn(chats, session, approval.id) }),
  });
  if (!approval || !id) return;
  // Answered here, in the chat or nowhere, because it was withdrawn: the tab has no meaning any more.
  await chats.approvals.settled(session, approval.id);
  await bench.diffs.close(id);
}

function decisionOn(chats: OpenChats, session: Session, question: string) {
  const decide = (how: 'allow' | 'reject') => async () => {
    if (chats.approvals.decide(session, question, how)) return;
    void sayInfo('pi: This question is no longer waiting for an answer');
  };
  return { accept: decide('allow'), reject: decide('reject') };
}
