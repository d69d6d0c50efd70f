// Where a chat is shown: the view in the side bar, or an editor tab. In: the chat to show, messages for it. Out: what
// the person does there. A hidden one forgets everything; when it is seen again it says `ready` and gets the whole
// chat. Never here: what is done about anything.
import type { Uri, ViewBadge, Webview } from 'vscode';
import { optionsOf, pageOf } from './html.ts';
import type { FromView, ToView } from './messages.ts';
import type { Session } from './session.ts';
import type { Viewer } from './world.ts';

/** A webview view or panel, as far as they are alike */
export interface Frame {
  readonly webview: Webview;
  readonly visible: boolean;
  show(preserveFocus: boolean): void;
  setTitle(title: string): void;
  /** Where there is none, the title says that there is news */
  setBadge?(badge: ViewBadge | undefined): void;
}

/** Key of the view in the side bar */
export const SIDE = 'side';

/** Who owns a place */
export interface Keeper {
  /** The person did something there. */
  hear(place: Place, message: FromView): void;
  /** Another chat may be seen there now, or none. */
  changed(): void;
}

export class Place implements Viewer {
  /** The same over reloads of the window */
  readonly key: string;
  readonly #keeper: Keeper;
  #session: Session;
  #frame: Frame | undefined;
  #ready = false;
  #focus = false;
  #news = 0;

  constructor(key: string, session: Session, keeper: Keeper) {
    this.key = key;
    this.#session = session;
    this.#keeper = keeper;
    session.show(this);
  }

  get session(): Session {
    return this.#session;
  }

  get visible(): boolean {
    return this.#frame?.visible ?? false;
  }

  /** It has a webview now. */
  open(frame: Frame, extension: Uri): void {
    this.#ready = false;
    this.changed(frame);
    frame.webview.options = optionsOf(extension);
    frame.webview.onDidReceiveMessage((message: FromView) => this.#received(message));
    frame.webview.html = pageOf(frame.webview, extension);
    this.retitle();
  }

  /** It was hidden, shown, or taken away. */
  changed(frame: Frame | undefined): void {
    this.#frame = frame;
    if (!frame?.visible) this.#ready = false;
    else this.tell(0, '');
    this.#keeper.changed();
  }

  show(session: Session): void {
    if (session === this.#session) return;
    this.#session.hide(this);
    this.#session = session;
    session.show(this);
    this.retitle();
    this.#keeper.changed();
  }

  close(): void {
    this.#frame = undefined;
    this.#session.hide(this);
    this.#keeper.changed();
  }

  post(message: ToView): void {
    if (!this.#ready) return;
    const whole = message.type === 'chat' ? { ...message, key: this.key } : message;
    void this.#frame?.webview.postMessage(whole);
  }

  /** Shows it where it is hidden. False, when it has no webview yet. */
  reveal(preserveFocus: boolean): boolean {
    this.#frame?.show(preserveFocus);
    return this.#frame !== undefined;
  }

  /** The cursor goes into the prompt, now or when it is there. */
  focus(): void {
    this.#focus = !this.#ready;
    this.post({ type: 'focus' });
  }

  /** Something happened that the person did not see. */
  tell(news: number, tooltip: string): void {
    this.#news = news;
    this.#frame?.setBadge?.(news ? { value: news, tooltip } : undefined);
    this.retitle();
  }

  get news(): number {
    return this.#news;
  }

  retitle(): void {
    // The tab of a chat that comes back has its title already.
    if (this.#session.unread) return;
    const marked = !this.#frame?.setBadge && this.#news > 0;
    this.#frame?.setTitle(marked ? `● ${this.#session.title}` : this.#session.title);
  }

  #received(message: FromView): void {
    if (message.type === 'ready') {
      this.#ready = true;
      this.post(this.#session.snapshot());
      if (this.#focus) this.focus();
    }
    this.#keeper.hear(this, message);
  }
}
