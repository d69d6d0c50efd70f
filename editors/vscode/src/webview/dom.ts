// Elements in one expression. Text becomes text, never HTML; there is no way here to write a style or a handler into
// an attribute, which the content security policy would refuse anyway.
import { type IconName, icon } from './icons.ts';

type Child = Node | string | undefined | false;
type Attributes = Readonly<Record<string, string | undefined>>;

/** An attribute that is undefined is left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) created.setAttribute(name, value);
  created.append(...present(children));
  return created;
}

export function present(children: readonly Child[]): (Node | string)[] {
  return children.filter((child) => child !== undefined && child !== false && child !== '') as (
    | Node
    | string
  )[];
}

/** A button with words */
export function button(label: string, run: () => void, kind = 'secondary'): HTMLButtonElement {
  const created = element('button', { type: 'button', class: `button ${kind}` }, label);
  created.addEventListener('click', run);
  return created;
}

/** A button that is an icon; its name is its tooltip too */
export function iconButton(name: IconName, label: string, run: () => void): HTMLButtonElement {
  const created = element(
    'button',
    { type: 'button', class: 'icon-button', title: label, 'aria-label': label },
    icon(name),
  );
  created.addEventListener('click', run);
  return created;
}

/** For those who listen alone */
export function spoken(text: string): HTMLElement {
  return element('span', { class: 'spoken' }, text);
}

/** Children that are there already and right stay where they are. */
export function setChildren(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let there = parent.firstElementChild;
  for (const child of children) {
    if (child === there) there = there.nextElementSibling;
    else parent.insertBefore(child, there);
  }
}
