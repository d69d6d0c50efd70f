// Who is signed in, as the server last told.
// In: `pi/providers` when somebody asks, `pi/auth/changed` from any window or editor. Out: providers, one state for all
// of them, an event, the context key `pi.authState`. Never here: a credential; a server started unasked; a timer.
import { commands, type Disposable, EventEmitter } from 'vscode';
import type { AuthChangedParams, Provider } from '../protocol.ts';
import type { Pi } from '../server/pi.ts';
import { type AuthState, authContext, authState } from './authState.ts';
import { label } from './describe.ts';

export class Accounts implements Disposable {
  readonly #pi: Pi;
  readonly #changed = new EventEmitter<void>();
  readonly #subscriptions: Disposable[];
  #providers: readonly Provider[] | null = null;
  #openSignIns = 0;
  #asked: Promise<readonly Provider[]> | null = null;
  #context = '';
  #told = '';
  readonly onDidChange = this.#changed.event;

  constructor(pi: Pi) {
    this.#pi = pi;
    this.#subscriptions = [
      this.#changed,
      pi.on('pi/auth/changed', (news) => this.#hear(news)),
      pi.onDidChangeState(({ phase }) => {
        if (phase === 'running') this.#refreshQuietly();
        this.#tell();
      }),
    ];
    this.#tell();
    if (pi.state.phase === 'running') this.#refreshQuietly();
  }

  /** As last told; nothing before somebody asked. */
  get providers(): readonly Provider[] {
    return this.#providers ?? [];
  }

  get state(): AuthState {
    return authState(this.#providers, this.#openSignIns > 0);
  }

  /** Whose account answers for a provider, for a person; null when nobody is signed in there. */
  labelOf(providerId: string): string | null {
    return label(this.find(providerId)?.status);
  }

  find(providerId: string): Provider | undefined {
    return this.#providers?.find(({ id }) => id === providerId);
  }

  /** Asks the server, which starts it; those who ask at the same time share one answer. Rejects with a PiError. */
  refresh(): Promise<readonly Provider[]> {
    this.#asked ??= this.#pi
      .request('pi/providers', {})
      .then(({ providers }) => {
        this.#providers = providers;
        this.#tell();
        return providers;
      })
      .finally(() => {
        this.#asked = null;
      });
    return this.#asked;
  }

  /** While a sign-in is open; each `true` needs its `false`. */
  setSigningIn(on: boolean): void {
    this.#openSignIns = Math.max(0, this.#openSignIns + (on ? 1 : -1));
    this.#tell();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #hear({ provider, status }: AuthChangedParams): void {
    if (!this.find(provider)) {
      this.#refreshQuietly();
      return;
    }
    this.#providers = this.providers.map((one) => (one.id === provider ? { ...one, status } : one));
    this.#tell();
  }

  /** Whoever needs the answer asks for it and hears why there is none. */
  #refreshQuietly(): void {
    this.refresh().catch(() => undefined);
  }

  /** What is as it was is not told again: others ask for model lists when they hear of a change. */
  #tell(): void {
    const context = authContext(this.state, this.#pi.state.phase);
    const standing = JSON.stringify([context, this.state, this.#providers]);
    if (standing === this.#told) return;
    this.#told = standing;
    if (context !== this.#context) void commands.executeCommand('setContext', 'pi.authState', context);
    this.#context = context;
    this.#changed.fire();
  }
}
