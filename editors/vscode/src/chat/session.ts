// One chat: its turns, what is typed, what goes along, what waits for approval, the turn that runs.
// In: what a person does, events of its turns. Out: messages to every view that shows it. What was typed is never lost:
// what cannot be asked stands in the prompt again. Never here: an editor's window; where events come from.
import type { Chat, ChatParams, Failure, TurnEvent, Usage } from '../protocol.ts';
import { cancelled, failureOf, sentenceOf } from '../server/failures.ts';
import { paramsOf } from './asking.ts';
import { type Attachment, chipOf, NOTHING_SENT, type Sent, sentOf, withPieces } from './attachments.ts';
import { branchBefore, sentWith } from './fork.ts';
import { Input } from './input.ts';
import { readChat } from './kept.ts';
import type { Approval, Header, ToView } from './messages.ts';
import { GONE, leftOut, unsaved } from './notices.ts';
import { Run } from './run.ts';
import { titleOf, UNTITLED } from './titles.ts';
import { broken, mended, newTurn, reduce, type Turn, turnsOf } from './transcript.ts';
import type { Beginning, Viewer, World } from './world.ts';

const STILL_COMING = 'An answer is still coming; stop it first';

export class Session {
  readonly key: string;
  readonly input: Input;
  readonly #world: World<Session>;
  readonly #viewers = new Set<Viewer>();
  readonly #sent = new Map<string, Sent>();
  /** Turns that the server does not know of */
  readonly #unheard = new Set<string>();
  #chatId: string | null = null;
  #title = UNTITLED;
  #model: string | undefined;
  #cwd: string | undefined;
  #turns: readonly Turn[] = [];
  #approvals: readonly Approval[] = [];
  #notice: Header['notice'] = null;
  #run: Run | undefined;
  /** Why nothing can be asked at the moment */
  #busy: string | undefined;
  #unread = false;
  #closed = false;

  constructor(world: World<Session>, { key, cwd, draft = '', chatId }: Beginning) {
    this.#world = world;
    this.key = key;
    this.#cwd = cwd;
    this.input = new Input(
      draft,
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
    return this.#turns;
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
    return this.#turns.findLast((turn) => turn.model)?.model ?? this.#model;
  }

  /** Of the last answer */
  get usage(): Usage | undefined {
    return this.#turns.findLast((turn) => turn.usage && turn.items.length)?.usage;
  }

  /** Nothing was asked in it yet */
  get empty(): boolean {
    return this.#chatId === null && this.#turns.length === 0;
  }

  get shown(): boolean {
    return this.#viewers.size > 0;
  }

  /** It may be let go: nobody looks at it, and nothing of it is still to come. */
  get idle(): boolean {
    const isBusy = this.#run !== undefined || this.#busy !== undefined;
    return !this.shown && !isBusy && !this.#approvals.length && !this.input.attachments.length;
  }

  /** The kept chat has not been read yet */
  get unread(): boolean {
    return this.#unread;
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
      turns: this.#turns,
      draft: this.input.text,
      chips: this.input.attachments.map(chipOf),
      approvals: this.#approvals,
      header: this.#world.header(this),
    };
  }

  /** Asks what was typed, with all that is attached. */
  async send(prompt: string): Promise<void> {
    this.input.typed('');
    if (this.#unread) await this.load();
    const { attachments } = this.input;
    const isNothing = !prompt.trim() && !attachments.length;
    const reason = this.#refusal() ?? (isNothing ? 'There is nothing to send yet' : null);
    if (reason !== null) return this.refuse(prompt, reason);
    this.input.setAttachments([]);
    this.#dropUnheard();
    this.#start(prompt, this.#sentNow(attachments));
  }

  /** Asks something beside what is being typed. Or why nothing can be asked now. */
  ask(prompt: string, attachments: readonly Attachment[]): string | null {
    const reason = this.#refusal();
    if (reason !== null) return reason;
    this.#dropUnheard();
    this.#start(prompt, this.#sentNow(attachments));
    return null;
  }

  /** That turn's prompt anew, changed or not, in a chat that forks before it. */
  async resend(turnId: string, prompt: string): Promise<void> {
    const turn = this.#turns.find(({ id }) => id === turnId);
    const reason = turn ? this.#refusal() : 'What this was asked after has changed';
    if (!turn || reason !== null) return this.#keep(turn, prompt, { text: reason ?? '' });
    try {
      this.#busy = 'The chat is being forked';
      const sent = this.#sent.get(turnId) ?? (await sentWith(this.#world.request, this.#chatId, turn));
      await this.#forkBefore(turn);
      this.#takeBack(turn, sent);
      this.#busy = undefined;
      this.#start(prompt, sent);
    } catch (error) {
      this.#busy = undefined;
      const isGone = failureOf(error).code === 'unknown_chat';
      if (isGone) this.#chatId = null;
      this.#keep(turn, prompt, isGone ? GONE : { text: sentenceOf(error) });
    }
  }

  /** False, when no answer is coming. What came is kept. */
  stop(): boolean {
    this.#run?.stop();
    return this.#run !== undefined;
  }

  /** It is no more; what was about to be asked in it is not. */
  close(): void {
    this.#closed = true;
    this.stop();
  }

  /** An event of the turn that runs. */
  hear(chatId: string, event: TurnEvent, seq?: number): void {
    if (this.#run && this.#chatId !== chatId) {
      this.#chatId = chatId;
      this.#world.changed(this);
    }
    this.#run?.hear(event, seq);
  }

  /** Reads a kept chat: one that is opened, or comes back after a reload of the window. */
  async load(chatId = this.#chatId): Promise<void> {
    if (chatId === null || this.#busy !== undefined) return;
    this.#chatId = chatId;
    this.#busy = 'The chat is still being read';
    try {
      const { chat, messages } = await readChat(this.#world.request, chatId);
      this.#turns = turnsOf(messages);
      this.#model = chat.model ?? undefined;
      this.#cwd = chat.cwd ?? this.#cwd;
      this.#title = chat.title;
      this.#notice = null;
      this.#unread = false;
    } catch (error) {
      this.#unread = failureOf(error).code !== 'unknown_chat';
      if (!this.#unread) this.#chatId = null;
      this.#notice = { text: sentenceOf(error) };
    }
    this.#busy = undefined;
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
    if (this.#busy !== undefined) return this.#busy;
    return this.#unread ? (this.#notice?.text ?? 'The chat could not be read yet') : null;
  }

  #sentNow(attachments: readonly Attachment[]): Sent {
    return sentOf(attachments, (piece) => this.#world.item(piece));
  }

  #start(prompt: string, sent: Sent): void {
    if (this.#closed) return;
    const turn = newTurn(this.#world.newId(), prompt, sent.labels, sent.images);
    if (this.#chatId === null) this.#title = titleOf(prompt);
    const run = new Run(turn.id, this.#world.cancellation(), {
      events: (events) => this.#take(turn.id, events),
      broke: (stopReason, failure) => this.#break(turn.id, stopReason, failure),
    });
    this.#run = run;
    this.#sent.set(turn.id, sent);
    this.#notice = null;
    this.#turns = [...this.#turns, turn];
    this.post({ type: 'turn', turn });
    this.postHeader();
    this.#world.changed(this);
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
    const all = withPieces(sent, pieces, (piece) => this.#world.item(piece));
    if (all === sent || this.running !== turn.id) return;
    this.#sent.set(turn.id, all);
    this.#replace(turn.id, (one) => ({ ...one, context: all.labels }));
  }

  #params(turn: Turn): ChatParams {
    const sent = this.#sent.get(turn.id) ?? NOTHING_SENT;
    return { ...paramsOf(turn, sent, this), ...this.#world.settings(this) };
  }

  #take(turnId: string, events: readonly TurnEvent[]): void {
    const end = events.at(-1);
    if (end?.type === 'ended' && this.#run?.missed) {
      const whole = this.#replace(turnId, (one) => mended(events.reduce(reduce, one), end.message));
      if (whole) this.#finish(whole);
      return;
    }
    const index = this.#turns.findLastIndex(({ id }) => id === turnId);
    const before = this.#turns[index];
    if (!before) return;
    const turn = events.reduce(reduce, before);
    this.#turns = this.#turns.with(index, turn);
    this.post({ type: 'events', turnId, events });
    if (turn.status === 'ended') this.#finish(turn);
    else if (turn.usage !== before.usage) this.postHeader();
  }

  #break(turnId: string, stopReason: 'cancelled' | 'error', failure: Failure): void {
    const turn = this.#replace(turnId, (one) => broken(one, stopReason, failure));
    if (turn) this.#finish(turn);
  }

  #replace(turnId: string, change: (turn: Turn) => Turn): Turn | undefined {
    const index = this.#turns.findLastIndex(({ id }) => id === turnId);
    const before = this.#turns[index];
    if (!before) return undefined;
    const turn = change(before);
    this.#turns = this.#turns.with(index, turn);
    this.post({ type: 'turn', turn });
    return turn;
  }

  #finish(turn: Turn): void {
    const { error, stopReason } = turn;
    const isHeard = this.#run?.heard ?? false;
    if (!isHeard) this.#unheard.add(turn.id);
    this.#run = undefined;
    const isVain = stopReason === 'error' || (stopReason === 'cancelled' && !isHeard);
    if (isVain && !turn.items.length) this.#giveBack(turn);
    if (error?.code === 'unknown_chat') {
      this.#chatId = null;
      this.#notice = GONE;
    }
    // The answer is there all the same, so what failed is its keeping.
    if (error && stopReason !== 'error' && stopReason !== 'cancelled') this.#notice = unsaved(error.message);
    this.postHeader();
    this.#world.changed(this);
    this.#world.ended(this, turn);
  }

  // A prompt that brought nothing stands ready to be sent again, unless another one is being typed.
  #giveBack(turn: Turn): void {
    if (this.input.text) return;
    this.input.typed(turn.prompt);
    this.input.attach(this.#sent.get(turn.id)?.attachments ?? []);
  }

  // It is sent again now, in another way.
  #takeBack(turn: Turn, sent: Sent): void {
    if (this.input.text !== turn.prompt) return;
    this.input.typed('');
    this.input.setAttachments(this.input.attachments.filter((one) => !sent.attachments.includes(one)));
  }

  // What was changed about a prompt that cannot be asked anew stands after whatever is being typed.
  #keep(turn: Turn | undefined, prompt: string, notice: Header['notice']): void {
    if (prompt !== turn?.prompt) this.input.append(prompt);
    this.setNotice(notice);
  }

  // A turn that never reached the server is not part of the chat.
  #dropUnheard(): void {
    if (!this.#unheard.size) return;
    this.#turns = this.#turns.filter((turn) => !this.#unheard.has(turn.id));
    this.#unheard.clear();
    this.#drawAnew();
  }

  async #forkBefore(turn: Turn): Promise<void> {
    const index = this.#turns.indexOf(turn);
    if (this.#turns.slice(index).every(({ id }) => this.#unheard.has(id))) return this.#dropUnheard();
    const branch = await branchBefore(this.#world.request, this.#chatId, this.#turns, index);
    this.#chatId = branch.chatId;
    this.#title = branch.title ?? UNTITLED;
    this.#turns = branch.turns;
    this.#drawAnew();
  }

  #drawAnew(): void {
    this.post(this.snapshot());
    this.#world.changed(this);
  }
}
