// The keys of the chat, in a dialog. In: how prompts are sent. Out: a dialog that closes with Escape.
import type { Header } from '../chat/messages.ts';
import { button, element } from './dom.ts';

type Row = readonly [keys: string, about: string];

function rows(sendWith: Header['sendWith']): readonly Row[] {
  const sending: readonly Row[] =
    sendWith === 'enter'
      ? [
          ['Enter', 'Send the prompt'],
          ['Shift+Enter', 'Another line'],
        ]
      : [
          ['Ctrl+Enter, ⌘Enter', 'Send the prompt'],
          ['Enter', 'Another line'],
        ];
  return [
    ...sending,
    ['Esc', 'Stop the answer; what came is kept'],
    ['↑', 'In an empty prompt: the last one again'],
    ['@', 'Let a file go along'],
    ['/', 'Sign in or out, choose a model, begin a new chat'],
    ['Backspace', 'At the beginning: take away what went along last'],
    ['Alt+↑, Alt+↓', 'To the turn above, below'],
    ['?', 'These keys, outside of the prompt'],
    ['Shift+drop', 'Let files of the explorer, or pictures, go along'],
  ];
}

export function helpDialog(sendWith: () => Header['sendWith']) {
  const list = element('dl');
  const dialog = element('dialog', { class: 'help', 'aria-labelledby': 'keys' });
  const close = button('Close', () => dialog.close(), 'primary');
  dialog.append(element('h2', { id: 'keys' }, 'Keys'), list, close);
  dialog.addEventListener('keydown', (event) => event.stopPropagation());

  const open = () => {
    if (dialog.open) return;
    list.replaceChildren(
      ...rows(sendWith()).flatMap(([keys, about]) => [
        element('dt', {}, element('kbd', {}, keys)),
        element('dd', {}, about),
      ]),
    );
    dialog.showModal();
    // The focus is on the button below.
    dialog.scrollTop = 0;
  };
  return { element: dialog, open };
}
