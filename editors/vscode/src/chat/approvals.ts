// Questions of the agent: may this tool do that? In: `pi/approve`. Out: the id of an option, once, when the person has
// chosen; or nothing, when the server takes the question back. Never here: a decision that nobody made.
import { randomUUID } from 'node:crypto';
import type { CancellationToken } from 'vscode';
import type { ApproveOption, ApproveParams, ApproveResult } from '../protocol.ts';
import { cancelled } from '../server/failures.ts';
import type { Approval } from './messages.ts';

/** A chat, as far as it is asked */
export interface Asked {
  readonly approvals: readonly Approval[];
  setApprovals(approvals: readonly Approval[]): void;
}

interface Question<S> {
  readonly session: S;
  readonly approval: Approval;
  /** Told once it is settled */
  readonly waiting: (() => void)[];
  wasUnseen: boolean;
  settle(optionId: string | null): void;
}

export class Approvals<S extends Asked> {
  readonly #questions = new Set<Question<S>>();

  /** Shows it in the chat, and waits. Rejects when it is withdrawn. */
  ask(session: S, params: ApproveParams, token: CancellationToken): Promise<ApproveResult> {
    const { chatId: _, ...asked } = params;
    const approval: Approval = { id: randomUUID(), ...asked };
    return new Promise((resolve, reject) => {
      const withdrawn = token.onCancellationRequested(() => question.settle(null));
      const question: Question<S> = {
        session,
        approval,
        waiting: [],
        wasUnseen: false,
        settle: (optionId) => {
          withdrawn.dispose();
          if (!this.#questions.delete(question)) return;
          session.setApprovals(session.approvals.filter((one) => one !== approval));
          if (optionId === null) reject(cancelled());
          else resolve({ optionId });
          for (const tell of question.waiting) tell();
        },
      };
      this.#questions.add(question);
      session.setApprovals([...session.approvals, approval]);
      if (token.isCancellationRequested) question.settle(null);
    });
  }

  /** False, when it is not waiting for that answer. */
  answer(session: S, id: string, optionId: string): boolean {
    const question = this.#find(session, id);
    if (!question?.approval.options.some(({ id }) => id === optionId)) return false;
    question.settle(optionId);
    return true;
  }

  /** The first option of the kind that says it once, else the one that says it for good. */
  decide(session: S, id: string, how: 'allow' | 'reject'): boolean {
    const options = this.#find(session, id)?.approval.options ?? [];
    const option = optionOf(options, `${how}Once`) ?? optionOf(options, `${how}Always`);
    return option !== undefined && this.answer(session, id, option.id);
  }

  /** Resolves once it is answered or withdrawn; at once, when it is already. */
  settled(session: S, id: string): Promise<void> {
    const waiting = this.#find(session, id)?.waiting;
    return new Promise((resolve) => (waiting ? void waiting.push(resolve) : resolve()));
  }

  /** What waits where nobody sees it. Each question comes once, so that it calls once. */
  unseen(isSeen: (session: S) => boolean): { session: S; approval: Approval }[] {
    const unseen = [...this.#questions].filter(({ wasUnseen, session }) => !(wasUnseen || isSeen(session)));
    for (const question of unseen) question.wasUnseen = true;
    return unseen;
  }

  /** Nobody waits for an answer any more: of that turn, or of any. */
  withdraw(turnId?: string): void {
    for (const question of [...this.#questions])
      if (turnId === undefined || question.approval.turnId === turnId) question.settle(null);
  }

  #find(session: S, id: string): Question<S> | undefined {
    return [...this.#questions].find((one) => one.session === session && one.approval.id === id);
  }
}

function optionOf(options: readonly ApproveOption[], kind: ApproveOption['kind']): ApproveOption | undefined {
  return options.find((option) => option.kind === kind);
}
