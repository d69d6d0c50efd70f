// Send, which is Stop while an answer comes. In: which of them. Out: a button.
import { iconButton } from './dom.ts';
import { icon } from './icons.ts';

export function sendButton(act: (action: 'send' | 'stop') => void) {
  let running = false;
  const button = iconButton('send', 'Send', () => act(running ? 'stop' : 'send'));

  const update = (isRunning: boolean, isEmpty: boolean) => {
    if (isRunning !== running) {
      running = isRunning;
      button.title = running ? 'Stop (Esc)' : 'Send';
      button.setAttribute('aria-label', running ? 'Stop' : 'Send');
      button.replaceChildren(icon(running ? 'stop' : 'send'));
    }
    // Not disabled: a button that goes away under the focus would take it along.
    const isIdle = String(!running && isEmpty);
    if (button.getAttribute('aria-disabled') !== isIdle) button.setAttribute('aria-disabled', isIdle);
  };

  update(false, true);
  return { element: button, update };
}
