// Two places that are never seen: what is written into them is read aloud, politely or at once.
import { element } from './dom.ts';

/** Said again after so long, the same sentence is heard again. */
const FORGET_MS = 10_000;

export function announcer() {
  const polite = element('div', {
    class: 'spoken',
    role: 'log',
    'aria-live': 'polite',
    'aria-label': 'What happens',
  });
  const urgent = element('div', { class: 'spoken', role: 'alert' });
  const say = (text: string, isUrgent = false) => {
    const line = element('p', {}, text);
    (isUrgent ? urgent : polite).append(line);
    setTimeout(() => line.remove(), FORGET_MS);
  };
  return { elements: [polite, urgent], say };
}
