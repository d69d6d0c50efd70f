// One turn: the prompt, the answer's items, and how it stands or ended. In: the turn as it is now; what is the same
// object as before is left alone. Out: an element; FromView `copy`, `resend` and `command` of its buttons.
import type { Approval } from '../chat/messages.ts';
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
import { endingText, type Offer, offerOf, usageLine } from './words.ts';

export interface TurnView {
  readonly element: HTMLElement;
  update(turn: Turn, approvals: readonly Approval[]): void;
}

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

  const update = (turn: Turn, approvals: readonly Approval[]) => {
    if (turn === drawn && approvals.length === 0 && asked.length === 0) return;
    prompt.update(turn);
    if (drawn?.prompt !== turn.prompt) root.setAttribute('aria-label', turn.prompt.slice(0, LABEL));
    if (drawn?.model !== turn.model || !drawn) drawName(name, turn);
    drawItems(turn);
    drawApprovals(turn, approvals);
    retry.update(turn.retry);
    const isWaiting = turn.status !== 'ended' && turn.items.length === 0 && !turn.retry;
    if (turn !== drawn) foot = footOf(host, turn);
    const cards = loose.map((card) => card.element);
    const stands = [isWaiting && waiting, turn.retry && retry.element].filter(
      (one) => one instanceof Element,
    );
    setChildren(answer, [name, items, ...cards, ...stands, ...foot]);
    root.setAttribute('aria-busy', String(turn.status !== 'ended'));
    drawn = turn;
  };

  return { element: root, update };
}

function isComplete(turn: Turn, index: number): boolean {
  return turn.status === 'ended' || index < turn.items.length - 1;
}

function drawName(name: HTMLElement, turn: Turn): void {
  name.textContent = turn.model ?? 'Answer';
  if (turn.model) name.title = turn.model;
}

function footOf(host: Host, turn: Turn): HTMLElement[] {
  if (turn.status !== 'ended') return [];
  const notice = noticeOf(host, turn);
  const used = usageLine(turn);
  const text = answerOf(turn);
  const copy = text && copyButton(host, 'Copy this answer', () => host.post({ type: 'copy', text }));
  const line = element('div', { class: 'used' }, element('span', {}, used), copy || undefined);
  return [...(notice ? [notice] : []), ...(used || copy ? [line] : [])];
}

function noticeOf(host: Host, turn: Turn): HTMLElement | undefined {
  const resend = () => host.post({ type: 'resend', turnId: turn.id, prompt: turn.prompt });
  if (turn.error && turn.stopReason !== 'cancelled') return errorOf(host, turn.error, turn.model, resend);
  const ending = endingText(turn);
  if (!ending) return undefined;
  const again = turn.stopReason === 'cancelled' || turn.stopReason === 'error';
  return element(
    'div',
    { class: `notice ${turn.stopReason === 'error' ? 'error' : 'ending'}` },
    icon(turn.stopReason === 'cancelled' ? 'stop' : 'info'),
    element('p', {}, ending),
    again && againButton(resend),
  );
}

function errorOf(host: Host, error: Failure, model: string | undefined, resend: () => void): HTMLElement {
  const offer = offerOf(error, model);
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
  if (does === 'resend') return againButton(resend);
  return button(label, () => host.post(does), 'primary');
}

function againButton(resend: () => void): HTMLElement {
  const created = button('Try again', resend);
  created.classList.add('again');
  return created;
}
