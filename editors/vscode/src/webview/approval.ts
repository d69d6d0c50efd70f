// The question whether a tool may do something, at its tool call: what it would do, and the answers as buttons.
// In: an Approval. Out: an element, and FromView `approve`, once. Nothing that is not
// seen may be part of what is allowed. Never here: an answer that nobody gave; focus comes
// here only when it is asked for, since whoever types would answer without having read.
import type { Approval } from '../chat/messages.ts';
import { visible } from '../chat/visible.ts';
import { diffView } from './diffView.ts';
import { button, element, present } from './dom.ts';
import type { Host } from './host.ts';
import { icon } from './icons.ts';
import { inputView } from './input.ts';
import { safestOption } from './options.ts';

export interface ApprovalCard {
  /** Of the question */
  readonly id: string;
  readonly element: HTMLElement;
  close(): void;
}

/** What its tool call says already is not said again. */
export function approvalCard(host: Host, approval: Approval, said = ''): ApprovalCard {
  const { id, toolCallId } = approval;
  const title = visible(approval.title);
  const safest = safestOption(approval.options);
  const options = element('div', { class: 'buttons' });
  const answer = (optionId: string) => {
    for (const one of options.querySelectorAll('button')) one.disabled = true;
    host.post({ type: 'approve', id, optionId });
    host.focusPrompt();
  };
  for (const option of approval.options) {
    const created = button(
      option.label,
      () => answer(option.id),
      option.kind === 'allowOnce' ? 'primary' : 'secondary',
    );
    if (option === safest) created.dataset.safest = '';
    options.append(created);
  }
  if (approval.diff)
    options.append(button('Open diff', () => host.post({ type: 'showDiff', toolCallId }), 'link'));

  const question = `May ${visible(approval.tool)} do this?`;
  const card = element(
    'div',
    { class: 'approval', role: 'group', 'aria-label': question },
    ...present([
      element('p', { class: 'question' }, icon('question'), question),
      title !== said && element('p', {}, title),
      approval.diff ? diffView(approval.diff) : undefined,
      inputView(approval.input, !approval.diff),
      options,
    ]),
  );
  card.dataset.question = id;
  return { id, element: card, close: () => card.remove() };
}

/** Brings the question into view, with the answer that does no harm under the finger. */
export function focusApproval(root: ParentNode, id: string): void {
  const card = root.querySelector(`.approval[data-question="${CSS.escape(id)}"]`);
  card?.scrollIntoView({ block: 'nearest' });
  card?.querySelector<HTMLElement>('[data-safest]')?.focus();
}
