// The models: what is known of them, which one is chosen, how hard it is to think.
// In: `pi/models`, and what says that it has changed. Out: a list that is kept over windows, so that nobody waits for
// it, and a choice for each workspace. Never here: a wait before the first answer, a choice undone by a list.
import { type Disposable, type Event, EventEmitter, type Memento, workspace } from 'vscode';
import type { Accounts } from '../auth/accounts.ts';
import { type Model, type ModelsResult, PROTOCOL_VERSION } from '../protocol.ts';
import type { Pi } from '../server/pi.ts';
import { setting } from '../settings.ts';
import { chosenOf, type Levels, withLevel, withRecent } from './choice.ts';

const CHOICE = 'pi.model';
const RECENTS = 'pi.recentModels';
const LEVELS = 'pi.reasoning';
/** Another protocol may tell other members */
const LIST = `pi.models.${PROTOCOL_VERSION}`;

type List = Pick<ModelsResult, 'models' | 'defaultModel'>;

const NOTHING: List = { models: [], defaultModel: null };

export class Models implements Disposable {
  readonly #pi: Pi;
  readonly #workspaceState: Memento;
  readonly #globalState: Memento;
  readonly #changed = new EventEmitter<void>();
  readonly #disposables: Disposable[];
  #list: List;
  #answered = false;
  #isFollowing = false;
  #isOutdated = false;

  readonly onDidChange: Event<void> = this.#changed.event;

  constructor(pi: Pi, accounts: Accounts, workspaceState: Memento, globalState: Memento) {
    this.#pi = pi;
    this.#workspaceState = workspaceState;
    this.#globalState = globalState;
    this.#list = globalState.get<List>(LIST, NOTHING);
    this.#disposables = [
      this.#changed,
      pi.on('pi/models/changed', () => this.#follow()),
      accounts.onDidChange(() => this.#follow()),
      pi.onDidChangeState(() => this.#follow()),
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('pi.model')) this.#changed.fire();
      }),
    ];
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  /** As the server told last, in this window or before it */
  get known(): readonly Model[] {
    return this.#list.models;
  }

  /** Whether a server of this window has told the list */
  get answered(): boolean {
    return this.#answered;
  }

  find(id: string | undefined): Model | undefined {
    return this.known.find((model) => model.id === id);
  }

  /** The model to ask for; undefined lets the server decide. */
  get chosen(): string | undefined {
    return chosenOf({
      workspace: this.#workspaceState.get<string>(CHOICE),
      setting: setting('pi.model'),
      last: this.#globalState.get<string>(CHOICE),
    });
  }

  /** The model that a new chat goes to, as far as is known; for showing, not for asking. */
  get current(): string | undefined {
    return this.chosen ?? this.#list.defaultModel ?? undefined;
  }

  /** The newest first */
  get recent(): readonly string[] {
    return this.#globalState.get<string[]>(RECENTS, []);
  }

  /** What to send as `reasoning` with that model; undefined is the provider's default. */
  reasoningFor(id: string | undefined): string | undefined {
    if (id === undefined) return undefined;
    const level = { ...this.#levels(this.#globalState), ...this.#levels(this.#workspaceState) }[id];
    const model = this.find(id);
    return model && level !== undefined && !model.reasoningLevels.includes(level) ? undefined : level;
  }

  /** For this workspace, and for those in which nobody has chosen. */
  async choose(id: string): Promise<void> {
    await Promise.all([
      this.#workspaceState.update(CHOICE, id),
      this.#globalState.update(CHOICE, id),
      this.#globalState.update(RECENTS, withRecent(this.recent, id)),
    ]);
    this.#changed.fire();
  }

  /** null: the provider's default */
  async chooseReasoning(id: string, level: string | null): Promise<void> {
    await Promise.all(
      [this.#workspaceState, this.#globalState].map((state) =>
        state.update(LEVELS, withLevel(this.#levels(state), id, level)),
      ),
    );
    this.#changed.fire();
  }

  /** Asks the server for what it knows, starting it where it does not run. Rejects with a PiError. */
  async load(): Promise<readonly Model[]> {
    await this.#keep(await this.#pi.request('pi/models', {}));
    return this.known;
  }

  /** Asks the providers; whether all have answered. Rejects with a PiError. */
  async refresh(): Promise<boolean> {
    const result = await this.#pi.request('pi/models', { refresh: true });
    await this.#keep(result);
    return !result.stale;
  }

  // What says that the list has changed may come while it is asked for: then it is asked for once more.
  #follow(): void {
    if (this.#pi.state.phase !== 'running') return;
    this.#isOutdated = this.#isFollowing;
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    this.load()
      // Whoever needs the list asks for it, and hears then why it is not to be had.
      .catch(() => undefined)
      .finally(() => {
        this.#isFollowing = false;
        if (this.#isOutdated) this.#follow();
      });
  }

  async #keep({ models, defaultModel }: ModelsResult): Promise<void> {
    const before = JSON.stringify(this.#list);
    const first = !this.#answered;
    this.#answered = true;
    this.#list = { models, defaultModel };
    const isSame = JSON.stringify(this.#list) === before;
    if (first || !isSame) this.#changed.fire();
    if (!isSame) await this.#globalState.update(LIST, this.#list);
  }

  #levels(state: Memento): Levels {
    return state.get<Levels>(LEVELS, {});
  }
}
