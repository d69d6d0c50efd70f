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

/** The last question about that call */
function idOf(session: Asked, toolCallId: string): string {
  return session.approvals.findLast((one) => one.toolCallId === toolCallId)?.id ?? assert.fail();
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
  assert.equal(approvals.answer(session, idOf(session, '2'), 'once'), true);
  assert.deepEqual(await two, { optionId: 'once' });
  assert.deepEqual(
    session.approvals.map(({ toolCallId }) => toolCallId),
    ['1'],
  );
  assert.equal(approvals.answer(session, idOf(session, '1'), 'always'), true);
  assert.deepEqual(await one, { optionId: 'always' });
});

test('an answer that was not offered, or comes twice, or to another chat, is none', async () => {
  const approvals = new Approvals<Asked>();
  const session = chat();
  const asked = approvals.ask(session, params('1'), cancellation().token);
  const id = idOf(session, '1');
  assert.equal(approvals.answer(session, id, 'all of them'), false);
  assert.equal(approvals.answer(session, 'other', 'once'), false);
  assert.equal(approvals.answer(chat(), id, 'once'), false);
  assert.equal(approvals.answer(session, id, 'once'), true);
  assert.equal(approvals.answer(session, id, 'never'), false);
  assert.deepEqual(await asked, { optionId: 'once' });
});

test('a question that is withdrawn leaves unanswered', async () => {
  const approvals = new Approvals<Asked>();
  const session = chat();
  const { token, cancel } = cancellation();
  const asked = approvals.ask(session, params('1'), token);
  const id = idOf(session, '1');
  const settled = approvals.settled(session, id);
  cancel();
  await assert.rejects(asked, { code: 'cancelled' });
  assert.deepEqual(session.approvals, []);
  await settled;
  // Who looks late, such as a tab that took its time to open, hears it too.
  await approvals.settled(session, id);
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
    assert.equal(approvals.decide(session, idOf(session, '1'), how), option !== null);
    if (option !== null) assert.deepEqual(await asked, { optionId: option });
  }
});

test('a second question about the same call is another one', async () => {
  const approvals = new Approvals<Asked>();
  const session = chat();
  const first = approvals.ask(session, params('1'), cancellation().token);
  const stale = idOf(session, '1');
  assert.equal(approvals.answer(session, stale, 'once'), true);
  await first;
  const second = approvals.ask(session, params('1'), cancellation().token);
  assert.equal(approvals.answer(session, stale, 'once'), false);
  assert.equal(approvals.answer(session, idOf(session, '1'), 'never'), true);
  assert.deepEqual(await second, { optionId: 'never' });
});

test('what nobody waits for any more is withdrawn: of a turn, or of all', async () => {
  const approvals = new Approvals<Asked>();
  const session = chat();
  const one = approvals.ask(session, params('1'), cancellation().token);
  const other = approvals.ask(session, { ...params('2'), turnId: 'u' }, cancellation().token);
  approvals.withdraw('t');
  await assert.rejects(one, { code: 'cancelled' });
  assert.deepEqual(
    session.approvals.map(({ turnId }) => turnId),
    ['u'],
  );
  approvals.withdraw();
  await assert.rejects(other, { code: 'cancelled' });
  assert.deepEqual(session.approvals, []);
});

test('a question calls once, whenever nobody sees it while it waits', async () => {
  const approvals = new Approvals<Asked>();
  const session = chat();
  const names = (isSeen: boolean) =>
    approvals.unseen(() => isSeen).map(({ approval }) => approval.toolCallId);
  const first = approvals.ask(session, params('1'), cancellation().token);
  assert.deepEqual(names(true), []);
  assert.deepEqual(names(false), ['1']);
  const second = approvals.ask(session, params('2'), cancellation().token);
  assert.deepEqual(names(false), ['2']);
  assert.deepEqual(names(false), []);
  const third = approvals.ask(session, params('3'), cancellation().token);
  approvals.withdraw();
  await Promise.all([first, second, third].map((asked) => assert.rejects(asked)));
  assert.deepEqual(names(false), []);
});
