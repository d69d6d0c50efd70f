// Send, which is Stop while an answer comes, and waits for what goes along. In: which of them. Out: a button.
import { iconButton } from './dom.ts';
import { type IconName, icon } from './icons.ts';

export type Sending = 'ready' | 'waits' | 'runs';

const LOOKS: Readonly<
  Record<Sending, { readonly name: string; readonly title: string; readonly icon: IconName }>
> = {
  ready: { name: 'Send', title: 'Send', icon: 'send' },
  waits: { name: 'Do not send yet', title: 'Do not send yet (Esc)', icon: 'loading' },
  runs: { name: 'Stop', title: 'Stop (Esc)', icon: 'stop' },
};

export function sendButton(act: (action: 'send' | 'stop') => void) {
  let sending: Sending = 'ready';
  const button = iconButton('send', 'Send', () => act(sending === 'ready' ? 'send' : 'stop'));

  const update = (next: Sending, isEmpty: boolean) => {
    if (next !== sending) {
      sending = next;
      const look = LOOKS[sending];
      button.title = look.title;
      button.setAttribute('aria-label', look.name);
      button.replaceChildren(icon(look.icon));
    }
    // Not disabled: a button that goes away under the focus would take it along.
    const isIdle = String(sending === 'ready' && isEmpty);
    if (button.getAttribute('aria-disabled') !== isIdle) button.setAttribute('aria-disabled', isIdle);
  };

  update('ready', true);
  return { element: button, update };
}
