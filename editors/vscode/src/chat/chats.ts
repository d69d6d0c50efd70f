// The open chats of this window, and where they are shown. In: events and questions of the server, what others want of
// a chat. Out: sessions that follow, a count of the answers that are coming, what is kept over a reload.
// Never here: how a turn goes on (session), what the person does in a view (actions).
import { randomUUID } from 'node:crypto';
import {
  type CancellationToken,
  CancellationTokenSource,
  commands,
  Disposable,
  type Event,
  EventEmitter,
  type Memento,
  type Uri,
  workspace,
} from 'vscode';
import type { Accounts } from '../auth/accounts.ts';
import type { Models } from '../models/models.ts';
import type { ApproveParams, ApproveResult, Chat, Range } from '../protocol.ts';
import { sayInfo } from '../say.ts';
import { type Pi, PiError } from '../server/pi.ts';
import { setting } from '../settings.ts';
import { Approvals } from './approvals.ts';
import type { Attachment } from './attachments.ts';
import { attachmentsOf, itemOf, movedPiece } from './context.ts';
import { namedIn } from './files.ts';
import { headerOf, namesOf } from './header.ts';
import { Memory } from './memory.ts';
import type { Header } from './messages.ts';
import type { Place } from './place.ts';
import { Places } from './places.ts';
import { Session } from './session.ts';
import type { Turn } from './transcript.ts';
import { visible } from './visible.ts';
import { folderPath, Work } from './work.ts';
import type { World } from './world.ts';

export interface Chats extends Disposable {
  /** How many answers are coming */
  readonly running: number;
  readonly onDidChangeRunning: Event<number>;
  /** The chat in use, in view */
  open(): Promise<void>;
  newChat(): Promise<void>;
  /** Asks in the chat in use; what is typed there stays. */
  ask(prompt: string, attachments: readonly Attachment[]): Promise<void>;
  /** Adds to what goes along with the next prompt there. */
  attach(attachments: readonly Attachment[]): Promise<void>;
}

const NOT_HERE = { code: 'unknown_chat', message: 'No such turn runs in this window', retryable: false };
const OTHER_MODEL = { command: 'pi.chooseModel', label: 'Choose another model' } as const;

export class OpenChats implements Chats {
  readonly #pi: Pi;
  readonly #accounts: Accounts;
  readonly #models: Models;
  readonly #memory: Memory;
  readonly #sessions = new Map<string, Session>();
  readonly #runningChanged = new EventEmitter<number>();
  readonly #disposable: Disposable;
  readonly #world: World<Session>;
  readonly approvals = new Approvals<Session>();
  readonly onDidChangeRunning = this.#runningChanged.event;
  readonly work: Work;
  readonly places: Places;
  #running = 0;

  constructor(pi: Pi, accounts: Accounts, models: Models, state: Memento) {
    this.#pi = pi;
    this.#accounts = accounts;
    this.#models = models;
    this.#memory = new Memory(state);
    this.#world = this.#worldOf();
    this.work = new Work((uri, move) => this.#move(uri, move));
    this.places = new Places(this.#memory, (key) => this.#restored(key));
    const headers = () => this.#postHeaders();
    this.#disposable = Disposable.from(
      this.work,
      this.places,
      this.#runningChanged,
      this.places.onDidChange(() => this.#callForUnseen()),
      pi.on('pi/chat/event', ({ chatId, turnId, event, seq }) =>
        this.#runner(turnId)?.hear(chatId, event, seq),
      ),
      pi.answer('pi/approve', (params, token) => this.#approve(params, token)),
      pi.onDidChangeState(({ phase }) => {
        headers();
        if (phase === 'running') this.#readUnread();
        // The server that asked is no more.
        else this.approvals.withdraw();
      }),
      accounts.onDidChange(headers),
      models.onDidChange(headers),
      workspace.onDidChangeConfiguration(
        (change) => change.affectsConfiguration('pi.chat.sendWith') && headers(),
      ),
    );
  }

  get running(): number {
    return this.#running;
  }

  get sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  dispose(): void {
    for (const session of this.#sessions.values()) session.stop();
    this.#disposable.dispose();
  }

  /** Somebody looks at it: what it is about is found out now. */
  async seen(session: Session): Promise<void> {
    // When it fails, the server has said so by itself.
    if (this.#accounts.state === 'unknown') this.#accounts.refresh().catch(() => {});
    if (session.unread) await session.load();
  }

  /** A new place, or one that comes back after a reload and shows what it showed. */
  addPlace(key: string, session = this.#restored(this.#memory.shownIn(key))): Place {
    return this.places.add(key, session);
  }

  removePlace(place: Place): void {
    this.places.remove(place);
    this.#tidy();
  }

  async open(): Promise<void> {
    await this.places.reveal(this.places.current);
  }

  async newChat(place = this.places.current): Promise<void> {
    await this.showIn(place, place.session.empty ? place.session : this.#fresh());
  }

  async ask(prompt: string, attachments: readonly Attachment[]): Promise<void> {
    const place = this.places.current;
    const { session } = place;
    const revealed = this.places.reveal(place, true);
    // At once, if it can be: lines may be typed above what is asked about.
    if (session.unread) await session.load();
    const reason = session.ask(prompt, attachments);
    if (reason === null) this.#markTarget(session, attachments);
    await revealed;
    if (reason === null) return;
    const choice = await sayInfo(`pi: ${reason}`, 'Ask in a New Chat');
    if (choice === undefined) return;
    await this.showIn(place, this.#fresh());
    await this.ask(prompt, attachments);
  }

  async attach(attachments: readonly Attachment[]): Promise<void> {
    await this.places.reveal(this.places.current);
    this.attachTo(this.places.current.session, attachments);
  }

  /** With what was refused before, and why; all of that is said. */
  attachTo(session: Session, attachments: readonly Attachment[], refusals: readonly string[] = []): void {
    const model = this.#models.find(this.#modelOf(session));
    const isBlind = model !== undefined && !model.input.includes('image');
    const fitting = attachments.filter(({ kind }) => kind !== 'image' || !isBlind);
    const isRefused = fitting.length < attachments.length;
    const blind = isRefused ? [`${model?.name} reads no images; choose another model first`] : [];
    const text = [...refusals, ...blind].join('. ');
    session.input.attach(fitting);
    this.#markTarget(session, fitting);
    session.setNotice(text ? { text, ...(isRefused && OTHER_MODEL) } : null);
  }

  async attachUris(session: Session, uris: readonly Uri[]): Promise<void> {
    await session.during(
      attachmentsOf(uris).then(({ attachments, refusals }) => this.attachTo(session, attachments, refusals)),
    );
  }

  /** What was typed in a view, in the chat that it showed then. */
  keepDraft(key: string, text: string, place: Place): void {
    const session = this.#sessions.get(key);
    if (session) session.input.typed(text, place);
    else this.#memory.keep(key, { chatId: null, ...this.#memory.find(key), draft: text });
  }

  /** Another chat in that place, in view; the one before goes on where it runs. */
  async showIn(asked: Place, session: Session): Promise<void> {
    const place = this.places.held(asked);
    this.places.put(place, session);
    this.#tidy();
    await this.places.reveal(place);
  }

  /** The open chat of that id, or the kept one, read now. */
  opened(chat: Pick<Chat, 'chatId'>): Session {
    const open = this.sessions.find(({ chatId }) => chatId === chat.chatId);
    if (open) return open;
    const session = this.#restored(this.#memory.left(chat.chatId, this.#keys()));
    void session.load(chat.chatId);
    return session;
  }

  // What was open before the window was reloaded; else a new chat.
  #restored(key: string | undefined): Session {
    const known = key === undefined ? undefined : this.#sessions.get(key);
    if (known) return known;
    const kept = key === undefined ? undefined : this.#memory.find(key);
    const { chatId, ...input } = kept ?? { chatId: null };
    const session = new Session(this.#world, {
      key: kept && key !== undefined ? key : randomUUID(),
      cwd: folderPath(),
      ...input,
      ...(chatId !== null && { chatId }),
    });
    this.#sessions.set(session.key, session);
    return session;
  }

  /** It is no more: whatever shows it shows a new chat. */
  gone(chatId: string): void {
    const session = this.sessions.find((one) => one.chatId === chatId);
    if (!session) return;
    for (const { turnId } of session.approvals) this.approvals.withdraw(turnId);
    const text = session.close();
    this.#sessions.delete(session.key);
    this.#memory.forget(session.key);
    const heirs = this.places.of(session).map((place) => {
      const heir = this.#fresh();
      this.places.put(place, heir);
      return heir;
    });
    if (text) (heirs[0] ?? this.#fresh()).input.append(text);
    this.#count();
  }

  // A chat that nobody has asked anything in, with what was typed there if it is shown nowhere.
  #fresh(): Session {
    const hidden = this.sessions.find((session) => session.empty && !session.shown);
    return hidden ?? this.#restored(this.#memory.left(null, this.#keys()));
  }

  #keys(): ReadonlySet<string> {
    return new Set(this.#sessions.keys());
  }

  #runner(turnId: string): Session | undefined {
    return this.sessions.find(({ running }) => running === turnId);
  }

  #worldOf(): World<Session> {
    return {
      request: (method, params, token) => this.#pi.request(method, params, token),
      newId: () => `vscode-${randomUUID()}`,
      cancellation: () => new CancellationTokenSource(),
      settings: () => this.#settings(),
      item: itemOf,
      named: namedIn,
      header: (session) => this.#header(session),
      changed: (session) => this.#changed(session),
      ended: (session, turn) => this.#ended(session, turn),
    };
  }

  #settings(): ReturnType<World<Session>['settings']> {
    const { chosen } = this.#models;
    const reasoning = this.#models.reasoningFor(chosen);
    return {
      ...(chosen !== undefined && { model: chosen }),
      ...(reasoning !== undefined && { reasoning }),
      approval: setting('pi.chat.approval'),
    };
  }

  /** What answers next in it */
  providerOf(session: Session): string | undefined {
    return this.#modelOf(session)?.split('/', 1)[0];
  }

  #modelOf(session: Session): string | undefined {
    return this.#models.chosen ?? session.model ?? this.#models.current;
  }

  #header(session: Session): Header {
    const modelId = this.#modelOf(session);
    const provider = this.providerOf(session);
    return headerOf({
      title: session.title,
      modelId,
      model: this.#models.find(modelId),
      names: namesOf(
        [modelId, ...session.turns.map(({ model }) => model)],
        (id) => this.#models.find(id)?.name,
      ),
      account: provider === undefined ? null : this.#accounts.labelOf(provider),
      usage: session.usage,
      server: this.#pi.state.phase,
      auth: this.#accounts.state,
      notice: session.notice,
      sendWith: setting('pi.chat.sendWith'),
    });
  }

  #postHeaders(): void {
    for (const session of this.sessions) session.postHeader();
  }

  #changed(session: Session): void {
    // A chat says so while it is being made, too.
    if (this.#sessions.get(session.key) !== session) return;
    this.#memory.keep(session.key, session.kept);
    for (const place of this.places.of(session)) place.retitle();
    this.#count();
  }

  #count(): void {
    const running = this.sessions.filter((session) => session.coming).length;
    if (running === this.#running) return;
    this.#running = running;
    void commands.executeCommand('setContext', 'pi.turnRunning', running > 0);
    this.#runningChanged.fire(running);
  }

  #ended(session: Session, turn: Turn): void {
    this.approvals.withdraw(turn.id);
    if (turn.stopReason !== 'cancelled') this.places.tell(session, `“${session.title}” has been answered`);
    this.#tidy();
  }

  // A chat that is shown nowhere and waits for nothing is let go; the server keeps it, and what is typed is kept here.
  #tidy(): void {
    for (const session of this.sessions) {
      if (!session.idle) continue;
      this.#sessions.delete(session.key);
      this.work.unmark(session.key);
    }
  }

  #readUnread(): void {
    for (const session of this.sessions) if (session.unread) void session.load();
  }

  async #approve(params: ApproveParams, token: CancellationToken): Promise<ApproveResult> {
    const session = this.#runner(params.turnId);
    // Nobody would see it: unanswered, it is what the server's policy says.
    if (!session) throw new PiError(NOT_HERE);
    const answer = this.approvals.ask(session, params, token);
    this.#callForUnseen();
    return answer;
  }

  // Also when its chat is hidden only while it waits: the turn would stand still, and nobody would know.
  #callForUnseen(): void {
    const unseen = this.approvals.unseen((session) => this.places.shows(session));
    for (const { session, approval } of unseen) void this.#callFor(session, approval.title);
  }

  async #callFor(session: Session, title: string): Promise<void> {
    this.places.tell(session, 'A tool waits for your approval');
    const choice = await sayInfo(`pi: May this be done? ${visible(title)}`, 'Show');
    if (choice === undefined) return;
    const open = this.#stillOpen(session);
    const [place] = this.places.of(open);
    await (place ? this.places.reveal(place) : this.showIn(this.places.current, open));
  }

  // One that was let go while a notification stood hears nothing any more.
  #stillOpen(session: Session): Session {
    if (this.#sessions.get(session.key) === session) return session;
    return session.chatId === null ? this.#fresh() : this.opened({ chatId: session.chatId });
  }

  #markTarget(session: Session, attachments: readonly Attachment[]): void {
    const piece = attachments.findLast((one) => one.kind === 'selection');
    if (piece?.kind === 'selection' && piece.range)
      this.work.mark(session.key, { uri: piece.uri, range: piece.range });
  }

  #move(uri: string, move: (range: Range) => Range): void {
    for (const session of this.sessions) {
      const moved = session.input.attachments.map((one) =>
        one.kind === 'selection' && one.uri === uri ? movedPiece(one, move) : one,
      );
      if (moved.some((one, index) => one !== session.input.attachments[index]))
        session.input.setAttachments(moved);
    }
  }
}
