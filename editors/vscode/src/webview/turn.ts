// One turn: the prompt, the answer's items, and how it stands or ended. In: the turn as it is now; what is the same
// object as before is left alone. Out: an element; FromView `copy`, `resend` and `command` of its buttons.
import type { Approval, Header } from '../chat/messages.ts';
import { answerOf, type Item, type Turn } from '../chat/transcript.ts';
import type { Failure } from '../protocol.ts';
import { type ApprovalCard, approvalCard } from './approval.ts';
import { copyButton } from './code.ts';
import { button, element, setChildren, spoken } from './dom.ts';
import type { Host } from './host.ts';
import { icon } from './icons.ts';
import { type ItemView, itemView } from './items.ts';
import { promptView } from './prompt.ts';
import { retryView } from './retry.ts';
import { answererOf, endingText, type Offer, offerOf, usageLine } from './words.ts';

export interface TurnView {
  readonly element: HTMLElement;
  update(turn: Turn, approvals: readonly Approval[], header: Header): void;
}

const AGAIN: Offer = { label: 'Try again', does: 'resend' };
/** Nothing that could have been said otherwise was said. */
const AGAIN_AFTER: ReadonlySet<Turn['stopReason']> = new Set(['cancelled', 'error', 'endTurn']);
/** Enough of a prompt to know the turn by */
const LABEL = 80;

export function turnView(host: Host): TurnView {
  const prompt = promptView(host);
  const name = element('h2', { class: 'who' });
  const items = element('div', { class: 'items' });
  const retry = retryView();
  const waiting = element('p', { class: 'waiting' }, spoken('The answer is coming'));
  const answer = element('div', { class: 'answer' });
  const root = element('article', { class: 'turn', tabindex: '-1' }, prompt.element, answer);
  const views: ItemView[] = [];
  let drawn: Turn | undefined;
  let asked: readonly Approval[] = [];
  let loose: ApprovalCard[] = [];
  let foot: readonly HTMLElement[] = [];
  let wasOut = false;
  let helped = false;

  const drawItems = (turn: Turn) => {
    for (const [index, item] of turn.items.entries()) {
      const complete = isComplete(turn, index);
      if (drawn?.items[index] === item && complete === isComplete(drawn, index)) continue;
      viewAt(index, item).update(item, complete);
    }
    while (views.length > turn.items.length) views.pop()?.element.remove();
  };

  const viewAt = (index: number, item: Item): ItemView => {
    const there = views[index];
    if (there?.type === item.type) return there;
    const created = itemView(host, item.type);
    if (there) there.element.replaceWith(created.element);
    else items.append(created.element);
    views[index] = created;
    return created;
  };

  // At its tool call; one whose call has not come yet stands at the end.
  const drawApprovals = (turn: Turn, approvals: readonly Approval[]) => {
    if (approvals.length === 0 && asked.length === 0) return;
    const of = (callId: string) => approvals.find((one) => one.toolCallId === callId);
    const calls = new Set<string>();
    for (const [index, item] of turn.items.entries()) {
      if (item.type !== 'tool') continue;
      calls.add(item.id);
      views[index]?.ask?.(of(item.id));
    }
    const left = approvals.filter((one) => !calls.has(one.toolCallId));
    loose = left.map((one) => loose.find((card) => card.id === one.id) ?? approvalCard(host, one));
    asked = approvals;
  };

  const update = (turn: Turn, approvals: readonly Approval[], { names, auth }: Header) => {
    const answerer = answererOf(turn, names);
    if (name.textContent !== answerer) name.textContent = answerer;
    wasOut ||= auth === 'signedOut' || auth === 'expired';
    const signedIn = wasOut && auth === 'ready';
    if (turn !== drawn || signedIn !== helped) foot = footOf(host, turn, signedIn);
    else if (approvals.length === 0 && asked.length === 0) return;
    prompt.update(turn);
    if (drawn?.prompt !== turn.prompt) root.setAttribute('aria-label', turn.prompt.slice(0, LABEL));
    if (turn.model && turn.model !== drawn?.model) name.title = turn.model;
    drawItems(turn);
    drawApprovals(turn, approvals);
    retry.update(turn.retry);
    const isWaiting = turn.status !== 'ended' && turn.items.length === 0 && !turn.retry;
    const cards = loose.map((card) => card.element);
    const stands = [isWaiting && waiting, turn.retry && retry.element].filter(
      (one) => one instanceof Element,
    );
    setChildren(answer, [name, items, ...cards, ...stands, ...foot]);
    root.setAttribute('aria-busy', String(turn.status !== 'ended'));
    drawn = turn;
    helped = signedIn;
  };

  return { element: root, update };
}

function isComplete(turn: Turn, index: number): boolean {
  return turn.status === 'ended' || index < turn.items.length - 1;
}

function footOf(host: Host, turn: Turn, signedIn: boolean): HTMLElement[] {
  if (turn.status !== 'ended') return [];
  const notice = noticeOf(host, turn, signedIn);
  const used = usageLine(turn);
  const text = answerOf(turn);
  const copy = text && copyButton(host, 'Copy this answer', () => host.post({ type: 'copy', text }));
  const line = element('div', { class: 'used' }, element('span', {}, used), copy || undefined);
  return [...(notice ? [notice] : []), ...(used || copy ? [line] : [])];
}

// Whoever has signed in since is not asked to sign in again.
function noticeOf(host: Host, turn: Turn, signedIn: boolean): HTMLElement | undefined {
  const resend = () => host.post({ type: 'resend', turnId: turn.id, prompt: turn.prompt });
  if (turn.error && turn.stopReason !== 'cancelled') {
    const offer = offerOf(turn.error, turn.model);
    const isDone = signedIn && offer?.does !== 'resend' && offer?.does.type === 'signIn';
    return errorOf(host, turn.error, isDone ? AGAIN : offer, resend);
  }
  const ending = endingText(turn);
  if (!ending) return undefined;
  const again = AGAIN_AFTER.has(turn.stopReason);
  return element(
    'div',
    { class: `notice ${turn.stopReason === 'error' ? 'error' : 'ending'}` },
    icon(turn.stopReason === 'cancelled' ? 'stopped' : 'info'),
    element('p', {}, ending),
    again && againButton(resend),
  );
}

function errorOf(host: Host, error: Failure, offer: Offer | undefined, resend: () => void): HTMLElement {
  return element(
    'div',
    { class: 'notice error' },
    icon('error'),
    element(
      'p',
      {},
      error.message,
      error.providerMessage && element('span', { class: 'detail' }, error.providerMessage),
    ),
    offer && offerButton(host, offer, resend),
    offer?.does !== 'resend' && againButton(resend),
  );
}

function offerButton(host: Host, { label, does }: Offer, resend: () => void): HTMLElement {
  if (does === 'resend') return againButton(resend, 'primary');
  return button(label, () => host.post(does), 'primary');
}

function againButton(resend: () => void, kind = 'secondary'): HTMLElement {
  const created = button('Try again', resend, kind);
  created.classList.add('again');
  return created;
}
