import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Approvals, type Asked } from '../../../src/chat/approvals.ts';
import type { Approval } from '../../../src/chat/messages.ts';
import type { ApproveOption, ApproveParams } from '../../../src/protocol.ts';
import { cancellation } from './world.ts';

const OPTIONS: ApproveOption[] = [
  { id: 'always', label: 'Allow for this chat', kind: 'allowAlways' },
  { id: 'once', label: 'Allow once', kind: 'allowOnce' },
  { id: 'never', label: 'Never', kind: 'rejectAlways' },
];

function params(toolCallId: string, options = OPTIONS): ApproveParams {
  return { chatId: 'c', turnId: 't', toolCallId, tool: 'edit', title: 'Edit x.py', input: {}, options };
}

function chat(): Asked & { approvals: readonly Approval[] } {
  return {
    approvals: [],
    setApprovals(approvals) {
      this.approvals = approvals;
    },
  };
}

test('each question waits for its own answer, and is gone when it has one', async () => {
  const approvals = new Approvals<Asked>();
  const session = chat();
  const { token } = cancellation();
  const one = approvals.ask(session, params('1'), token);
  const two = approvals.ask(session, params('2'), token);
  assert.deepEqual(
    session.approvals.map(({ toolCallId }) => toolCallId),
    ['1', '2'],
  );
  assert.equal(approvals.answer(session, '2', 'once'), true);
  assert.deepEqual(await two, { optionId: 'once' });
  assert.deepEqual(
    session.approvals.map(({ toolCallId }) => toolCallId),
    ['1'],
  );
  assert.equal(approvals.answer(session, '1', 'always'), true);
  assert.deepEqual(await one, { optionId: 'always' });
});

test('an answer that was not offered, or comes twice, or to another chat, is none', async () => {
  const approvals = new Approvals<Asked>();
  const session = chat();
  const asked = approvals.ask(session, params('1'), cancellation().token);
  assert.equal(approvals.answer(session, '1', 'all of them'), false);
  assert.equal(approvals.answer(session, 'other', 'once'), false);
  assert.equal(approvals.answer(chat(), '1', 'once'), false);
  assert.equal(approvals.answer(session, '1', 'once'), true);
  assert.equal(approvals.answer(session, '1', 'never'), false);
  assert.deepEqual(await asked, { optionId: 'once' });
});

test('a question that is withdrawn leaves unanswered', async () => {
  const approvals = new Approvals<Asked>();
  const session = chat();
  const settled: string[] = [];
  approvals.onSettled((_, toolCallId) => settled.push(toolCallId));
  const { token, cancel } = cancellation();
  const asked = approvals.ask(session, params('1'), token);
  cancel();
  await assert.rejects(asked, { code: 'cancelled' });
  assert.deepEqual([session.approvals, settled], [[], ['1']]);
  await assert.rejects(approvals.ask(session, params('2'), token), { code: 'cancelled' });
  assert.deepEqual(session.approvals, []);
});

test('a decision takes the option that says it once, else the one for good, else none', async () => {
  const rows: ['allow' | 'reject', ApproveOption[], string | null][] = [
    ['allow', OPTIONS, 'once'],
    ['reject', OPTIONS, 'never'],
    ['reject', OPTIONS.slice(0, 2), null],
  ];
  for (const [how, options, option] of rows) {
    const approvals = new Approvals<Asked>();
    const session = chat();
    const asked = approvals.ask(session, params('1', options), cancellation().token);
    assert.equal(approvals.decide(session, '1', how), option !== null);
    if (option !== null) assert.deepEqual(await asked, { optionId: option });
  }
});
