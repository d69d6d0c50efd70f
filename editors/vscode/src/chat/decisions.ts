// What accepting and rejecting mean, of each proposal that is shown. In: decisions by the names of what shows them.
// Out: one of them carried out, once at a time. Never here: a tab; what is changed.
import { joining } from '../joining.ts';

export interface Decision {
  accept(): Promise<void>;
  reject(): Promise<void>;
}

export class Decisions {
  readonly #all = new Map<string, Decision>();
  readonly #opening = new Map<string, Promise<unknown>>();
  readonly #run = joining((decision: Decision, how: keyof Decision) => decision[how]());

  /** Can be made from now on, while what shows it opens as well. */
  async offer(id: string, decision: Decision | undefined, open: () => Thenable<unknown>): Promise<void> {
    if (decision) this.#all.set(id, decision);
    const opening = Promise.resolve(open());
    this.#opening.set(id, opening);
    try {
      await opening;
    } catch (error) {
      this.withdraw(id);
      throw error;
    } finally {
      this.#opening.delete(id);
    }
  }

  has(id: string): boolean {
    return this.#all.has(id);
  }

  /** Pressed again before it is done it means the same; false, when nothing waits for it. */
  async make(id: string, how: keyof Decision): Promise<boolean> {
    const decision = this.#all.get(id);
    if (!decision) return false;
    await this.#run(decision, how);
    return true;
  }

  withdraw(id: string): void {
    this.#all.delete(id);
  }

  /** Resolves once that is there, or will not come: what has not opened cannot be closed. */
  async opened(id: string): Promise<void> {
    await Promise.allSettled([this.#opening.get(id)]);
  }
}
