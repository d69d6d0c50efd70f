// What a tool was called with, on demand. In: its input. Out: an element, or nothing when there is no input.
import { visibleLines } from '../chat/visible.ts';
import { element } from './dom.ts';

export function inputView(input: Readonly<Record<string, unknown>>, open = false): HTMLElement | undefined {
  if (Object.keys(input).length === 0) return undefined;
  const details = element('details', { class: 'input' }, element('summary', {}, 'Input'));
  details.append(element('pre', { tabindex: '0' }, visibleLines(JSON.stringify(input, null, 2))));
  details.open = open;
  return details;
}
