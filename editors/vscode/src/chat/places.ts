// Where the chats of this window are shown: the view in the side bar and the editor tabs. In: places that come and go,
// the chat that each is to show. Out: the one in use, who sees a chat, a badge where nobody does.
// Never here: what a chat says, which chats there are.
import { commands, EventEmitter } from 'vscode';
import type { Memory } from './memory.ts';
import { type Keeper, Place, SIDE } from './place.ts';
import type { Session } from './session.ts';

export class Places {
  readonly #memory: Memory;
  readonly #all = new Set<Place>();
  readonly #changed = new EventEmitter<void>();
  readonly side: Place;
  /** Another chat may be seen now, or one no longer */
  readonly onDidChange = this.#changed.event;
  /** Set by what draws views */
  hear: Keeper['hear'] = () => {};
  openTab: (session: Session) => void = () => {};
  #current: Place;

  constructor(memory: Memory, restored: (key: string | undefined) => Session) {
    this.#memory = memory;
    this.side = this.add(SIDE, restored(memory.shownIn(SIDE)));
    this.#current = this.side;
  }

  /** Where the person was last */
  get current(): Place {
    return this.held(this.#current);
  }

  add(key: string, session: Session): Place {
    const place = new Place(key, session, {
      hear: (...heard) => this.hear(...heard),
      changed: () => this.#changed.fire(),
    });
    this.#all.add(place);
    this.#memory.show(key, session.key);
    return place;
  }

  remove(place: Place): void {
    this.#all.delete(place);
    place.close();
  }

  use(place: Place): void {
    this.#current = place;
  }

  /** The place itself; the side bar for a tab that was closed meanwhile. */
  held(place: Place): Place {
    return this.#all.has(place) ? place : this.side;
  }

  /** Another chat in that place; the one before goes on where it runs. */
  put(place: Place, session: Session): void {
    this.#memory.show(place.key, session.key);
    place.show(session);
  }

  async reveal(place: Place, preserveFocus = false): Promise<void> {
    this.use(place);
    if (!place.reveal(preserveFocus)) await commands.executeCommand('pi.chat.focus');
    if (!preserveFocus) place.focus();
  }

  of(session: Session): Place[] {
    return [...this.#all].filter((place) => place.session === session);
  }

  shows(session: Session): boolean {
    return this.of(session).some(({ visible }) => visible);
  }

  /** Where nobody sees it, a badge says that there is something to see. */
  tell(session: Session, text: string): void {
    if (this.shows(session)) return;
    const places = this.of(session);
    for (const place of places.length ? places : [this.side]) place.tell(place.news + 1, text);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
