// One chat: what it is, what is typed and asked in it, what waits for approval, the turn that runs.
// In: what a person does, events of its turns. Out: messages to every view that shows it. What was typed is never lost:
// what cannot be asked stands in the prompt again. Never here: an editor's window; where events come from; how turns
// stand (asked).
import type { Chat, ChatParams, Failure, TurnEvent, Usage } from '../protocol.ts';
import { cancelled, failureOf, sentenceOf } from '../server/failures.ts';
import { Asked } from './asked.ts';
import { paramsOf } from './asking.ts';
import { type Attachment, chipOf, type Piece, type Sent, sentOf, withPieces } from './attachments.ts';
import { Coming } from './coming.ts';
import { anew, type Branch } from './fork.ts';
import { Input } from './input.ts';
import { readChat, turnsKept } from './kept.ts';
import type { Kept } from './memory.ts';
import type { Approval, Header, ToView } from './messages.ts';
import { DELETED, GONE, leftOut, noticeAfter, notKept, WAITING } from './notices.ts';
import { become, giveBack, takeBack, unsent } from './returning.ts';
import { Run } from './run.ts';
import { titleOf, UNTITLED } from './titles.ts';
import { broken, mended, newTurn, reduce, type Turn } from './transcript.ts';
import type { Beginning, Viewer, World } from './world.ts';

const STILL_COMING = 'An answer is still coming; stop it first';
const STILL_WAITING = 'Your last prompt still waits to be sent; stop it first';

export class Session {
  readonly key: string;
  readonly input: Input;
  readonly #world: World<Session>;
  readonly #viewers = new Set<Viewer>();
  readonly #item = (piece: Piece) => this.#world.item(piece);
  readonly #asked = new Asked((message) => this.post(message));
  readonly #coming = new Coming(() => this.#world.changed(this));
  #chatId: string | null = null;
  #title = UNTITLED;
  #model: string | undefined;
  #cwd: string | undefined;
  #approvals: readonly Approval[] = [];
  #notice: Header['notice'];
  /** The notice that the chat could not be read */
  #unreadable: Header['notice'] = null;
  #run: Run | undefined;
  #reading: Promise<void> | undefined;
  #unread = false;
  #closed = false;

  constructor(world: World<Session>, beginning: Beginning) {
    const { key, cwd, chatId, lost = [] } = beginning;
    this.#world = world;
    this.key = key;
    this.#cwd = cwd;
    this.#notice = lost.length ? notKept(lost) : null;
    this.input = new Input(
      beginning,
      (message, except) => this.post(message, except),
      () => this.#world.changed(this),
    );
    this.#chatId = chatId ?? null;
    this.#unread = chatId !== undefined;
  }

  get chatId(): string | null {
    return this.#chatId;
  }

  get title(): string {
    return this.#title;
  }

  get cwd(): string | undefined {
    return this.#cwd;
  }

  get turns(): readonly Turn[] {
    return this.#asked.turns;
  }

  /** What is to outlive the window, the prompts too that the server does not have */
  get kept(): Kept {
    return { chatId: this.#chatId, ...unsent(this.input, this.#asked, this.#coming.prompt) };
  }

  get approvals(): readonly Approval[] {
    return this.#approvals;
  }

  get notice(): Header['notice'] {
    return this.#notice;
  }

  /** Id of the turn that runs */
  get running(): string | undefined {
    return this.#run?.turnId;
  }

  /** What answered last */
  get model(): string | undefined {
    return this.turns.findLast((turn) => turn.model)?.model ?? this.#model;
  }

  /** Of the last answer */
  get usage(): Usage | undefined {
    return this.turns.findLast((turn) => turn.usage && turn.items.length)?.usage;
  }

  /** Nothing was asked in it yet */
  get empty(): boolean {
    return this.#chatId === null && this.turns.length === 0;
  }

  get shown(): boolean {
    return this.#viewers.size > 0;
  }

  /** It may be let go: nobody looks at it, and nothing of it is still to come. */
  get idle(): boolean {
    const isBusy = this.coming || this.#reading !== undefined || this.#coming.isAwaited;
    return !this.shown && !isBusy && !this.#approvals.length && !this.input.attachments.length;
  }

  /** An answer is coming, or is about to be asked for */
  get coming(): boolean {
    return this.#run !== undefined || this.#coming.prompt !== undefined;
  }

  /** The kept chat has not been read yet */
  get unread(): boolean {
    return this.#unread || this.#reading !== undefined;
  }

  show(viewer: Viewer): void {
    const whole = this.snapshot();
    this.#viewers.add(viewer);
    viewer.post(whole);
  }

  hide(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  snapshot(): ToView {
    this.#run?.flush();
    return {
      type: 'chat',
      key: '',
      session: this.key,
      chatId: this.#chatId,
      turns: this.turns,
      draft: this.input.text,
      chips: this.input.attachments.map(chipOf),
      approvals: this.#approvals,
      header: this.#world.header(this),
    };
  }

  /** Asks what was typed, with all that is attached, once the chat has been read and the files have been looked at. */
  async send(prompt: string): Promise<void> {
    this.input.typed('');
    const early = this.#refusal();
    if (early !== null) return this.refuse(prompt, early);
    const waits = this.unread || this.#coming.isAwaited;
    if (waits && !(await this.#waitedFor(prompt))) return;
    const { attachments } = this.input;
    const isNothing = !prompt.trim() && !attachments.length;
    const reason = this.#unreadReason() ?? (isNothing ? 'There is nothing to send yet' : null);
    if (reason !== null) return this.refuse(prompt, reason);
    const said = waits ? this.#notice : null;
    this.input.setAttachments([]);
    this.#start(prompt, sentOf(attachments, this.#item));
    // Such as why a file does not go along.
    if (said) this.setNotice(said);
  }

  /** What is on its way into the prompt goes along with it, however soon it is sent. */
  during<T>(work: Promise<T>): Promise<T> {
    return this.#coming.during(work);
  }

  /** Asks something beside what is being typed. Or why nothing can be asked now. */
  ask(prompt: string, attachments: readonly Attachment[]): string | null {
    const reason = this.#refusal() ?? this.#unreadReason();
    if (reason !== null) return reason;
    this.#start(prompt, sentOf(attachments, this.#item));
    return null;
  }

  /** That turn's prompt anew, changed or not, in a chat that forks before it if anything was said there. */
  async resend(turnId: string, prompt: string): Promise<void> {
    const turn = this.#asked.find(turnId);
    const reason = turn ? this.#refusal() : 'What this was asked after has changed';
    if (!turn || reason !== null) return this.#keep(turn, prompt, { text: reason ?? '' });
    const isWanted = this.#coming.hold(prompt);
    try {
      const { sent, branch } = await anew(this.#world.request, this.#chatId, this.#asked, turn, prompt);
      if (!isWanted()) return;
      if (branch) this.#follow(branch);
      takeBack(this.input, turn, sent);
      this.#start(prompt, sent, turn);
    } catch (error) {
      const isGone = failureOf(error).code === 'unknown_chat';
      if (isGone) this.#chatId = null;
      if (isWanted()) this.#keep(turn, prompt, isGone ? GONE : { text: sentenceOf(error) });
    }
  }

  /** False, when no answer is coming. What came is kept, and what was about to be asked is typed again. */
  stop(): boolean {
    const isComing = this.coming;
    const prompt = this.#coming.giveUp();
    if (prompt !== undefined) this.input.append(prompt);
    if (this.#notice === WAITING) this.setNotice(null);
    this.#run?.stop();
    return isComing;
  }

  /** It is no more. Out: what stands in no chat then. */
  close(): string {
    const { draft } = this.kept;
    this.#closed = true;
    this.#coming.giveUp();
    this.#run?.stop();
    return draft;
  }

  /** An event of the turn that runs. */
  hear(chatId: string, event: TurnEvent, seq?: number): void {
    const run = this.#run;
    if (!run) return;
    const isNews = this.#asked.hear(run.turnId) || this.#chatId !== chatId;
    this.#chatId = chatId;
    if (isNews) this.#world.changed(this);
    run.hear(event, seq);
  }

  /** Reads a kept chat: one that is opened, or comes back after a reload of the window. */
  load(chatId = this.#chatId): Promise<void> {
    if (chatId === null) return Promise.resolve();
    this.#reading ??= this.#read(chatId);
    return this.#reading;
  }

  async #read(chatId: string): Promise<void> {
    this.#chatId = chatId;
    try {
      const { chat, messages } = await readChat(this.#world.request, chatId);
      become(this.input, this.#asked, turnsKept(messages));
      this.#model = chat.model ?? undefined;
      this.#cwd = chat.cwd ?? this.#cwd;
      this.#title = chat.title;
      if (this.#notice === this.#unreadable) this.#notice = null;
      this.#unread = false;
    } catch (error) {
      this.#unread = failureOf(error).code !== 'unknown_chat';
      if (!this.#unread) this.#chatId = null;
      this.#unreadable = this.#unread ? { text: sentenceOf(error) } : DELETED;
      this.#notice = this.#unreadable;
    }
    this.#reading = undefined;
    this.#drawAnew();
  }

  rename({ title }: Pick<Chat, 'title'>): void {
    this.#title = title;
    this.postHeader();
    this.#world.changed(this);
  }

  setApprovals(approvals: readonly Approval[]): void {
    this.#approvals = approvals;
    this.post({ type: 'approvals', approvals });
    this.#world.changed(this);
  }

  setNotice(notice: Header['notice']): void {
    if (notice === this.#notice) return;
    this.#notice = notice;
    this.postHeader();
  }

  /** What was typed stands there again, and the reason above it. */
  refuse(prompt: string, reason: string): void {
    this.input.append(prompt);
    this.setNotice({ text: reason });
  }

  post(message: ToView, except?: Viewer): void {
    for (const viewer of this.#viewers) if (viewer !== except) viewer.post(message);
  }

  postHeader(): void {
    this.post({ type: 'header', header: this.#world.header(this) });
  }

  #refusal(): string | null {
    if (this.#run) return STILL_COMING;
    return this.#coming.prompt === undefined ? null : STILL_WAITING;
  }

  #unreadReason(): string | null {
    return this.unread ? (this.#unreadable?.text ?? 'The chat could not be read yet') : null;
  }

  // Until it may be asked. False, when it was stopped meanwhile.
  async #waitedFor(prompt: string): Promise<boolean> {
    const isWanted = this.#coming.hold(prompt);
    this.setNotice(WAITING);
    if (this.unread) await this.load();
    await this.#coming.settled();
    if (this.#notice === WAITING) this.setNotice(null);
    return isWanted();
  }

  /** `instead`: the turn that was to be asked anew, if it still stands there. */
  #start(prompt: string, sent: Sent, instead?: Turn): void {
    if (this.#closed) return;
    const turn = newTurn(this.#world.newId(), prompt, sent.labels, sent.images);
    if (this.#chatId === null) this.#title = titleOf(prompt);
    const run = new Run(turn.id, this.#world.cancellation(), {
      events: (events) => this.#take(turn.id, events),
      broke: (stopReason, failure) => this.#break(turn.id, stopReason, failure),
    });
    this.#run = run;
    this.#notice = null;
    if (this.#asked.add(turn, sent, instead)) this.#drawAnew();
    else this.#drawNew(turn);
    void run.converse(async (token) => {
      await this.#addNamed(turn, sent);
      if (token.isCancellationRequested) throw cancelled();
      const result = await this.#world.request('pi/chat', this.#params(turn), token);
      if (this.#run === run) this.#chatId = result.chatId;
      return result;
    });
  }

  // Files that the prompt names go along too.
  async #addNamed(turn: Turn, sent: Sent): Promise<void> {
    const { pieces, outside } = await this.#world.named(turn.prompt, this.#cwd);
    if (outside.length) this.setNotice(leftOut(outside));
    const all = withPieces(sent, pieces, this.#item);
    if (all !== sent && this.running === turn.id) this.#asked.send(turn.id, all);
  }

  #params(turn: Turn): ChatParams {
    return { ...paramsOf(turn, this.#asked.sentWith(turn.id), this), ...this.#world.settings(this) };
  }

  #take(turnId: string, events: readonly TurnEvent[]): void {
    const end = events.at(-1);
    if (end?.type === 'ended' && this.#run?.missed) {
      const whole = this.#asked.replace(turnId, (one) => mended(events.reduce(reduce, one), end.message));
      if (whole) this.#finish(whole);
      return;
    }
    const change = this.#asked.take(turnId, events);
    if (!change) return;
    const { before, turn } = change;
    if (turn.status === 'ended') this.#finish(turn);
    else if (turn.usage !== before.usage || turn.model !== before.model) this.postHeader();
  }

  #break(turnId: string, stopReason: 'cancelled' | 'error', failure: Failure): void {
    const turn = this.#asked.replace(turnId, (one) => broken(one, stopReason, failure));
    if (turn) this.#finish(turn);
  }

  #finish(turn: Turn): void {
    if (this.#run?.heard) this.#asked.hear(turn.id);
    this.#run = undefined;
    giveBack(this.input, this.#asked, turn);
    if (turn.error?.code === 'unknown_chat') this.#chatId = null;
    this.#notice = noticeAfter(turn) ?? this.#notice;
    this.postHeader();
    this.#world.changed(this);
    this.#world.ended(this, turn);
  }

  // What was changed about a prompt that cannot be asked anew stands after whatever is being typed.
  #keep(turn: Turn | undefined, prompt: string, notice: Header['notice']): void {
    if (prompt !== turn?.prompt) this.input.append(prompt);
    this.setNotice(notice);
  }

  #follow({ chatId, title = UNTITLED, turns }: Branch): void {
    this.#chatId = chatId;
    this.#title = title;
    become(this.input, this.#asked, turns);
    this.#drawAnew();
  }

  #drawNew(turn: Turn): void {
    this.post({ type: 'turn', turn });
    this.postHeader();
    this.#world.changed(this);
  }

  #drawAnew(): void {
    this.post(this.snapshot());
    this.#world.changed(this);
  }
}
