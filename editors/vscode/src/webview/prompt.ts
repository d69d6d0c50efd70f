// A prompt as it was asked: its text, what went along, and Edit and Copy. Editing it asks anew from there.
// In: a turn. Out: an element; FromView `resend` and `copy`.
import type { Turn } from '../chat/transcript.ts';
import { visible } from '../chat/visible.ts';
import { copyButton } from './code.ts';
import { button, element, iconButton } from './dom.ts';
import { growWithText } from './grow.ts';
import type { Host } from './host.ts';
import { sends } from './keys.ts';
import { pictureOf } from './pictures.ts';
import { lineCount } from './words.ts';

const LONG_LINES = 20;
const LONG = 2_500;

export interface PromptView {
  readonly element: HTMLElement;
  update(turn: Turn): void;
}

export function promptView(host: Host): PromptView {
  const body = element('div', { class: 'prompt-body' });
  const root = element('div', { class: 'prompt' }, element('h2', { class: 'who' }, 'You'), body);
  let drawn: Turn | undefined;
  let editing = false;

  const show = (turn: Turn) => {
    const edit = iconButton('edit', 'Edit this prompt and ask again', () => startEditing(turn));
    edit.classList.add('edit');
    const copy = copyButton(host, 'Copy this prompt', () => host.post({ type: 'copy', text: turn.prompt }));
    body.replaceChildren(element('div', { class: 'prompt-actions' }, edit, copy), ...promptText(turn.prompt));
    if (turn.context.length > 0) {
      const labels = turn.context
        .map(visible)
        .map((label) => element('li', { class: 'chip', title: label }, label));
      body.append(element('ul', { class: 'chips', 'aria-label': 'Went along' }, ...labels));
    }
    if (turn.images.length > 0)
      body.append(element('div', { class: 'pictures' }, ...turn.images.map(pictureOf)));
  };

  const startEditing = (turn: Turn) => {
    editing = true;
    const form = editForm(host, turn, () => {
      editing = false;
      show(drawn ?? turn);
      root.querySelector<HTMLElement>('.edit')?.focus();
    });
    body.replaceChildren(form);
    form.querySelector('textarea')?.focus();
  };

  const update = (turn: Turn) => {
    if (drawn && samePrompt(drawn, turn)) return;
    drawn = turn;
    // What is being written there is not to be lost.
    if (!editing) show(turn);
  };

  return { element: root, update };
}

// A long one stands folded: what was asked is known, the answer is what one looks for.
function promptText(prompt: string): HTMLElement[] {
  const text = element('div', { class: 'prompt-text' }, prompt);
  if (lineCount(prompt) <= LONG_LINES && prompt.length <= LONG) return [text];
  text.classList.add('folded');
  const toggle = button(
    'Show all',
    () => {
      const folded = text.classList.toggle('folded');
      toggle.textContent = folded ? 'Show all' : 'Show less';
      toggle.setAttribute('aria-expanded', String(!folded));
    },
    'link',
  );
  toggle.setAttribute('aria-expanded', 'false');
  return [text, toggle];
}

function editForm(host: Host, turn: Turn, close: () => void): HTMLElement {
  const text = element('textarea', { rows: '1', 'aria-label': 'Prompt', class: 'edit-text' });
  text.value = turn.prompt;
  const send = () => {
    if (text.value.trim() === '') return;
    close();
    host.post({ type: 'resend', turnId: turn.id, prompt: text.value });
    host.focusPrompt();
  };
  text.addEventListener('keydown', (event) => {
    const done =
      event.key === 'Escape' && !event.isComposing ? close : sends(event, host.sendWith()) ? send : undefined;
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
    done();
  });
  growWithText(text);
  return element(
    'div',
    { class: 'edit-form' },
    text,
    element('p', { class: 'hint' }, 'A copy of the chat goes on from here'),
    element('div', { class: 'buttons' }, button('Send', send, 'primary'), button('Cancel', close)),
  );
}

// By value: what comes from the extension is a copy each time.
function samePrompt(one: Turn, other: Turn): boolean {
  return (
    one.prompt === other.prompt &&
    sameList(one.context, other.context) &&
    sameList(
      one.images.map(({ data }) => data),
      other.images.map(({ data }) => data),
    )
  );
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index]);
}
