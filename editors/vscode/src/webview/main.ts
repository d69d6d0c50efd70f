// The chat in its webview: the parts, and what goes between them and the extension.
// In: ToView. Out: FromView. What the extension says is applied once a frame. Never here: how anything is drawn.
import type { FromView, ToView } from '../chat/messages.ts';
import { announcer } from './announcer.ts';
import { focusApproval } from './approval.ts';
import { composer } from './composer.ts';
import { element, iconButton } from './dom.ts';
import { frameQueue } from './frames.ts';
import { headerView } from './header.ts';
import { helpDialog } from './help.ts';
import type { Host } from './host.ts';
import { idleQueue } from './idle.ts';
import { follower } from './scroll.ts';
import { sentences } from './spokenText.ts';
import { applied, EMPTY, merged, runningTurn, type ViewState } from './state.ts';
import { transcriptView } from './transcript.ts';
import { welcomeView } from './welcome.ts';

declare function acquireVsCodeApi(): { postMessage(message: FromView): void; setState(state: unknown): void };

const TYPING: ReadonlySet<FromView['type']> = new Set(['ready', 'draft', 'complete']);

/** What the extension takes, or refuses with a reason above the chat, as it may have done before */
const ANSWERED: ReadonlySet<FromView['type']> = new Set(['send', 'resend', 'attach', 'attachImage']);

const vscode = acquireVsCodeApi();
const { say, elements: announcements } = announcer();
let state: ViewState = EMPTY;

// What is still being typed goes first: what is asked for may have the extension show another chat.
function post(message: FromView): void {
  if (!TYPING.has(message.type)) prompt.flush();
  if (ANSWERED.has(message.type)) header.reopen();
  // Whoever asks wants to see the answer.
  if (message.type === 'send' || message.type === 'resend') follow.toEnd();
  vscode.postMessage(message);
}

const host: Host = {
  post,
  say,
  later: idleQueue(),
  focusPrompt: () => prompt.focus(),
  sendWith: () => state.header.sendWith,
};

const help = helpDialog(host.sendWith);
const header = headerView(host);
const transcript = transcriptView(host);
const welcome = welcomeView(host, (text) => {
  prompt.setText(text);
  prompt.focus();
});
const prompt = composer(host, help.open, () => {
  const [first] = state.approvals;
  if (first) focusApproval(document, first.id);
});

const scroller = element(
  'section',
  { class: 'chat', tabindex: '0', 'aria-label': 'Chat' },
  transcript.element,
);
const toEnd = iconButton('arrowDown', 'Jump to the end', () => follow.toEnd());
toEnd.classList.add('to-end');
toEnd.hidden = true;
const follow = follower(scroller, (atEnd) => {
  toEnd.hidden = atEnd;
});

const root = document.querySelector('main') ?? document.body.appendChild(element('main', { id: 'pi' }));
const middle = element('div', { class: 'middle' }, scroller, toEnd);
const title = element('h1', { class: 'spoken' }, 'Chat');
root.replaceChildren(title, header.element, middle, prompt.element, ...announcements, help.element);
root.classList.add('unready');

function draw(before: ViewState): void {
  const isEmpty = state.turns.length === 0;
  const hadFocus = document.activeElement !== document.body;
  title.textContent = state.header.title || 'Chat';
  if (state.header !== before.header || isEmpty) header.update(state.header, isEmpty);
  transcript.update(state.turns, state.approvals, state.header);
  if (isEmpty) {
    welcome.update(state.header);
    scroller.append(welcome.element);
  } else welcome.element.remove();
  prompt.update(state);
  root.classList.toggle('unready', !state.ready);
  root.classList.toggle('running', runningTurn(state) !== undefined);
  // What had the focus may be gone, such as the question that was withdrawn.
  if (hadFocus && document.activeElement === document.body && document.hasFocus()) prompt.focus();
  follow.follow();
}

// What is no state but happens once
function happen(message: ToView): void {
  if (message.type === 'chat') {
    vscode.setState({ key: message.key });
    prompt.restore(message.session, message.draft);
    follow.toEnd();
  } else if (message.type === 'draft') {
    prompt.change(message);
    if (message.how === 'append' && document.hasFocus()) prompt.focus();
  } else if (message.type === 'focus') prompt.focus();
}

const hear = frameQueue<ToView>(
  (run) => requestAnimationFrame(run),
  (messages) => {
    const before = state;
    for (const message of merged(messages)) state = applied(state, message);
    draw(before);
    for (const message of messages) happen(message);
    const { polite, urgent } = sentences(before, state);
    for (const text of polite) say(text);
    for (const text of urgent) say(text, true);
  },
);

addEventListener('message', (event: MessageEvent<ToView>) => hear(event.data));

root.addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLTextAreaElement;
  if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown'))
    transcript.move(event.key === 'ArrowUp' ? -1 : 1);
  else if (event.key === 'Escape' && !typing && runningTurn(state)) host.post({ type: 'stop' });
  else if (event.key === '?' && !typing) help.open();
  else return;
  event.preventDefault();
  event.stopPropagation();
});

host.post({ type: 'ready' });
