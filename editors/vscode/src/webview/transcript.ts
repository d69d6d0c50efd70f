// The turns, one below the other, keyed by their ids. In: the state. Out: an element that scrolls. The last turns are
// drawn at once, those above when there is time, so that a long chat opens as fast as a short one.
// Never here: following a link by navigating.
import type { Approval, Header } from '../chat/messages.ts';
import type { Turn } from '../chat/transcript.ts';
import { element, setChildren } from './dom.ts';
import type { Host } from './host.ts';
import { linkTarget } from './links.ts';
import { EMPTY } from './state.ts';
import { type TurnView, turnView } from './turn.ts';
import { answererOf } from './words.ts';

export interface TranscriptView {
  readonly element: HTMLElement;
  update(turns: readonly Turn[], approvals: readonly Approval[], header: Header): void;
  /** Focus goes a turn up or down */
  move(step: 1 | -1): void;
}

const AT_ONCE = 8;
const NONE: readonly Approval[] = [];

export function transcriptView(host: Host): TranscriptView {
  const list = element('div', { class: 'turns' });
  const views = new Map<string, TurnView>();
  let drawn: readonly Turn[] = [];
  let asked: readonly Approval[] = NONE;
  let header = EMPTY.header;

  const viewOf = (turn: Turn): TurnView => {
    const known = views.get(turn.id);
    if (known) return known;
    const created = turnView(host);
    views.set(turn.id, created);
    return created;
  };

  const draw = (turn: Turn) => {
    const approvals = asked.length === 0 ? NONE : asked.filter((one) => one.turnId === turn.id);
    viewOf(turn).update(turn, approvals, header);
  };

  // What was asked for may be gone, or another, when its time comes.
  const drawLater = (id: string) => {
    host.later(() => {
      const turn = drawn.find((one) => one.id === id);
      if (turn) draw(turn);
    });
  };

  const update = (turns: readonly Turn[], approvals: readonly Approval[], next: Header) => {
    const before = drawn;
    const { names, auth } = header;
    const isNew = turns.filter(
      (turn, index) =>
        turn !== before[index] ||
        auth !== next.auth ||
        answererOf(turn, names) !== answererOf(turn, next.names),
    );
    const askedBefore = asked;
    asked = approvals;
    header = next;
    drawn = turns;
    if (turns.length !== before.length || isNew.some((turn) => !views.has(turn.id))) {
      forget(views, turns);
      setChildren(
        list,
        turns.map((turn) => viewOf(turn).element),
      );
    }
    const soon = new Set(isNew.slice(-AT_ONCE));
    for (const turn of soon) draw(turn);
    for (const turn of isNew.slice(0, -AT_ONCE).reverse()) drawLater(turn.id);
    if (approvals !== askedBefore) for (const turn of turns.slice(-AT_ONCE)) if (!soon.has(turn)) draw(turn);
  };

  const move = (step: 1 | -1) => {
    const all = [...list.children] as HTMLElement[];
    const here = all.findIndex((one) => one.contains(document.activeElement));
    const next = here < 0 ? (step < 0 ? all.length - 1 : 0) : here + step;
    const target = all[Math.max(0, Math.min(next, all.length - 1))];
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: 'start' });
  };

  listenToLinks(host, list);
  return { element: list, update, move };
}

function forget(views: Map<string, TurnView>, turns: readonly Turn[]): void {
  const ids = new Set(turns.map((turn) => turn.id));
  for (const id of views.keys()) if (!ids.has(id)) views.delete(id);
}

// Links are no addresses to the browser: it can neither follow nor prefetch them.
function listenToLinks(host: Host, list: HTMLElement): void {
  const open = (event: Event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-href]') : null;
    const href = link?.dataset.href;
    if (!href || linkTarget(href) === null) return;
    event.preventDefault();
    event.stopPropagation();
    host.post({ type: 'link', href });
  };
  list.addEventListener('click', open);
  list.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') open(event);
  });
}
