// The parts of an answer, each as a view that is brought up to date: text, thoughts, tool calls, a summary.
// In: an item, and whether more of it may come. Out: an element.
import type { Approval } from '../chat/messages.ts';
import type { Item } from '../chat/transcript.ts';
import { element } from './dom.ts';
import type { Host } from './host.ts';
import { markdownView } from './markdownView.ts';
import { pieces } from './pieces.ts';
import { toolView } from './tool.ts';
import { compactedText, counted, lineCount } from './words.ts';

export interface ItemView {
  readonly type: Item['type'];
  readonly element: HTMLElement;
  update(item: Item, complete: boolean): void;
  /** Only a tool call can be asked about. */
  ask?(approval: Approval | undefined): void;
}

export function itemView(host: Host, type: Item['type']): ItemView {
  return VIEWS[type](host);
}

const VIEWS: Readonly<Record<Item['type'], (host: Host) => ItemView>> = {
  text(host) {
    const view = markdownView(host);
    return {
      type: 'text',
      element: view.element,
      update(item, complete) {
        if (item.type === 'text') view.update(item.text, complete);
      },
    };
  },

  // Open while it streams; whoever opened or closed it since keeps it so.
  reasoning() {
    const title = element('summary');
    const text = element('div', { class: 'reasoning-text' });
    const details = element('details', { class: 'reasoning', open: '' }, title, text);
    const { show } = pieces(text);
    let over = false;
    return {
      type: 'reasoning',
      element: details,
      update(item, complete) {
        if (item.type !== 'reasoning') return;
        show(complete ? item.text.trimEnd() : item.text);
        title.textContent = counted('Thinking', lineCount(item.text));
        if (complete && !over) details.open = false;
        over = complete;
      },
    };
  },

  tool(host) {
    const view = toolView(host);
    return {
      type: 'tool',
      element: view.element,
      update(item) {
        if (item.type === 'tool') view.update(item);
      },
      ask: view.ask,
    };
  },

  compacted(host) {
    const title = element('summary');
    const summary = markdownView(host);
    const details = element('details', { class: 'compacted' }, title, summary.element);
    return {
      type: 'compacted',
      element: details,
      update(item) {
        if (item.type !== 'compacted') return;
        title.textContent = compactedText(item.before, item.after);
        summary.update(item.summary, true);
      },
    };
  },
};
