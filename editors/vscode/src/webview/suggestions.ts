// What is offered while one types `@…` or `/…`: a list that the text field points into, so that focus stays there.
// In: items. Out: a listbox, and which item is taken.
import { visible } from '../chat/visible.ts';
import { element } from './dom.ts';

export interface Suggestion {
  readonly label: string;
  readonly detail: string;
  readonly take: () => void;
}

export interface Suggestions {
  readonly element: HTMLElement;
  readonly length: number;
  show(items: readonly Suggestion[]): void;
  /** That there is nothing to take */
  none(text: string): void;
  close(): void;
  move(step: 1 | -1): void;
  take(): void;
}

const LIST = 'pi-suggestions';

export function suggestions(field: HTMLTextAreaElement, say: (text: string) => void): Suggestions {
  const list = element('ul', {
    class: 'suggestions',
    role: 'listbox',
    id: LIST,
    'aria-label': 'Suggestions',
  });
  list.hidden = true;
  field.setAttribute('aria-autocomplete', 'list');
  let items: readonly Suggestion[] = [];
  let active = 0;

  const point = () => {
    for (const [index, option] of [...list.children].entries()) {
      option.setAttribute('aria-selected', String(index === active));
      if (index === active) option.scrollIntoView({ block: 'nearest' });
    }
    field.setAttribute('aria-activedescendant', `${LIST}-${active}`);
  };

  const show = (next: readonly Suggestion[]) => {
    if (next.length === 0) return close();
    const begins = items.length === 0;
    items = next;
    active = 0;
    list.replaceChildren(...items.map(optionOf));
    list.hidden = false;
    field.setAttribute('aria-controls', LIST);
    if (begins) say(`${items.length} suggestions; arrow keys choose, Enter takes`);
    point();
  };

  const none = (text: string) => {
    close();
    list.replaceChildren(element('li', { role: 'option', class: 'none', 'aria-disabled': 'true' }, text));
    list.hidden = false;
    say(text);
  };

  const close = () => {
    items = [];
    list.hidden = true;
    list.replaceChildren();
    field.removeAttribute('aria-controls');
    field.removeAttribute('aria-activedescendant');
  };

  const move = (step: 1 | -1) => {
    active = (active + step + items.length) % items.length;
    point();
  };

  return {
    element: list,
    get length() {
      return items.length;
    },
    show,
    none,
    close,
    move,
    take: () => items[active]?.take(),
  };
}

function optionOf(item: Suggestion, index: number): HTMLElement {
  const option = element(
    'li',
    { role: 'option', id: `${LIST}-${index}`, title: visible(item.detail) },
    element('span', { class: 'label' }, visible(item.label)),
    element('span', { class: 'detail' }, visible(item.detail)),
  );
  // Focus stays in the text field.
  option.addEventListener('mousedown', (event) => event.preventDefault());
  option.addEventListener('click', item.take);
  return option;
}
