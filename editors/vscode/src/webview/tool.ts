// A tool call: what is done, how it stands, what came out; and the question whether it may, while that is open.
// In: the call as it is now. Out: an element; FromView `showDiff`, and `approve` by way of the question.
import type { Approval } from '../chat/messages.ts';
import type { Tool } from '../chat/transcript.ts';
import { visible } from '../chat/visible.ts';
import { type ApprovalCard, approvalCard } from './approval.ts';
import { diffView } from './diffView.ts';
import { button, element, setChildren, spoken } from './dom.ts';
import type { Host } from './host.ts';
import { type IconName, icon } from './icons.ts';
import { inputView } from './input.ts';
import { pictureOf } from './pictures.ts';
import { screen } from './screen.ts';
import { counted } from './words.ts';

export interface ToolView {
  readonly element: HTMLElement;
  update(tool: Tool): void;
  ask(approval: Approval | undefined): void;
}

/** Longer output is folded once it is complete. */
const LONG_OUTPUT = 6;

const STATES: Readonly<Record<Tool['status'], readonly [IconName, string]>> = {
  running: ['loading', 'running'],
  done: ['check', 'done'],
  failed: ['error', 'failed'],
};

export function toolView(host: Host): ToolView {
  const head = element('div', { class: 'tool-head' });
  const root = element('section', { class: 'tool' }, head);
  const output = outputView();
  let input: HTMLElement | undefined;
  let diff: { readonly source: string; readonly element: HTMLElement } | undefined;
  let pictures: HTMLElement | undefined;
  let card: ApprovalCard | undefined;
  let current: Tool | undefined;

  const drawHead = (tool: Tool) => {
    const title = titleOf(tool);
    const [name, state] = STATES[tool.status];
    const asks = tool.status === 'running' && card !== undefined;
    root.className = `tool ${tool.status}${asks ? ' asks' : ''}`;
    root.setAttribute('aria-label', `${title}, ${asks ? 'waits for your answer' : state}`);
    head.replaceChildren(
      icon(asks ? 'question' : name),
      element('span', { class: 'tool-title', title }, title),
      spoken(asks ? 'waits for your answer' : state),
    );
    if (tool.diff)
      head.append(button('Open diff', () => host.post({ type: 'showDiff', toolCallId: tool.id }), 'link'));
  };

  const arrange = () => {
    const parts = [head, card ? undefined : input, diff?.element, output.element, pictures, card?.element];
    setChildren(
      root,
      parts.filter((part) => part !== undefined),
    );
  };

  const update = (tool: Tool) => {
    if (!current || current.input !== tool.input) input = inputView(tool.input);
    if (tool.diff && tool.diff !== diff?.source) diff = { source: tool.diff, element: diffView(tool.diff) };
    if (tool.images !== current?.images && tool.images.length > 0)
      pictures = element('div', { class: 'pictures' }, ...tool.images.map(pictureOf));
    output.update(tool);
    current = tool;
    drawHead(tool);
    arrange();
  };

  const ask = (approval: Approval | undefined) => {
    if (card?.id === approval?.id) return;
    card?.close();
    card = approval && approvalCard(host, approval, current && titleOf(current));
    if (current) drawHead(current);
    arrange();
  };

  return { element: root, update, ask };
}

function titleOf(tool: Tool): string {
  return visible(tool.title.trim() || tool.name);
}

// A scroller that follows its own end while it grows; folded when it is long and over.
function outputView() {
  const title = element('summary');
  const text = element('pre', { class: 'output-text' });
  const scroller = element(
    'div',
    { class: 'output-scroll', tabindex: '0', role: 'group', 'aria-label': 'Output' },
    text,
  );
  const details = element('details', { class: 'output', open: '' }, title, scroller);
  const { show } = screen(text);
  let status: Tool['status'] = 'running';
  const view = { element: undefined as HTMLElement | undefined, update };

  function update(tool: Tool): void {
    const lines = show(tool.output);
    if (lines > 0) view.element = details;
    title.textContent = counted('Output', lines);
    if (status === 'running' && tool.status !== 'running') details.open = lines <= LONG_OUTPUT;
    status = tool.status;
  }

  return view;
}
