// A block of code: what it is, what can be done with it, and the code. While it comes it grows as plain text; colours
// come once it is complete and nothing else is to be done. In: text. Out: an element, and FromView `code` of its buttons.
import { element, iconButton } from './dom.ts';
import type { Host } from './host.ts';
import { type IconName, icon } from './icons.ts';
import { highlighted, languageName } from './languages.ts';
import { pieces } from './pieces.ts';
import { sanitised } from './sanitise.ts';

export interface CodeBlock {
  readonly element: HTMLElement;
  /** All of it so far */
  grow(text: string): void;
  finish(text: string): void;
}

const DONE_SHOWN_MS = 1_500;

type Action = 'copy' | 'insert' | 'apply';

const ACTIONS: readonly (readonly [Action, IconName, string])[] = [
  ['copy', 'copy', 'Copy code'],
  ['insert', 'insert', 'Insert at cursor'],
  ['apply', 'diff', 'Apply as diff'],
];

export function codeBlock(host: Host, language: string): CodeBlock {
  const code = element('code');
  const name = languageName(language);
  const buttons = element('span', { class: 'code-actions' });
  const head = element(
    'div',
    { class: 'code-head' },
    element('span', { class: 'language' }, name || 'text'),
    buttons,
  );
  const block = element(
    'div',
    { class: 'code', role: 'group', 'aria-label': name ? `${name} code` : 'Code' },
    head,
    element('pre', { tabindex: '0' }, code),
  );
  const { show } = pieces(code);

  const finish = (text: string) => {
    show(text);
    buttons.append(...ACTIONS.map((action) => codeButton(host, action, text, language)));
    host.later(() => {
      const html = highlighted(text, language);
      if (html !== undefined) code.replaceChildren(sanitised(html));
    });
  };

  return { element: block, grow: show, finish };
}

/** A copy button that shows for a moment that it has done its work */
export function copyButton(host: Host, label: string, copy: () => void): HTMLButtonElement {
  const created = iconButton('copy', label, () => {
    copy();
    host.say('Copied');
    created.replaceChildren(icon('check'));
    setTimeout(() => created.replaceChildren(icon('copy')), DONE_SHOWN_MS);
  });
  return created;
}

function codeButton(
  host: Host,
  [action, name, label]: (typeof ACTIONS)[number],
  text: string,
  language: string,
) {
  const run = () => host.post({ type: 'code', action, text, language });
  return action === 'copy' ? copyButton(host, label, run) : iconButton(name, label, run);
}
