import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ToView } from '../../../src/chat/messages.ts';
import { newTurn, reduce, type Turn } from '../../../src/chat/transcript.ts';
import type { TurnEvent } from '../../../src/protocol.ts';
import { sentences } from '../../../src/webview/spokenText.ts';
import { applied, EMPTY, merged, runningTurn, type ViewState } from '../../../src/webview/state.ts';

const GOLDEN = new URL('../../../../../tests/protocol/golden/', import.meta.url);
const READY: ViewState = { ...EMPTY, ready: true };
const APPROVAL = {
  id: 'q1',
  turnId: 't1',
  toolCallId: 'c1',
  tool: 'bash',
  title: 'Run rm -rf build',
  input: {},
  options: [],
};

const text = (delta: string): TurnEvent => ({ type: 'text', delta });
const events = (turnId: string, ...happened: TurnEvent[]): ToView => ({
  type: 'events',
  turnId,
  events: happened,
});
const after = (state: ViewState, ...messages: ToView[]) => merged(messages).reduce(applied, state);
const withTurns = (...turns: Turn[]): ViewState => ({ ...READY, turns });

test('what did not change is the same object as before', () => {
  const state = withTurns(newTurn('t1', 'one'), newTurn('t2', 'two'));
  const next = after(state, events('t2', text('a')));
  assert.equal(next.turns[0], state.turns[0]);
  assert.equal(next.header, state.header);
  assert.notEqual(next.turns[1], state.turns[1]);
});

test('events of a turn that is not shown change nothing', () => {
  const state = withTurns(newTurn('t1', 'one'));
  assert.equal(after(state, events('gone', text('a'))).turns, state.turns);
});

test('20,000 messages of one delta are one step of the turn', () => {
  const messages = Array.from({ length: 20_000 }, () => events('t1', text('x')));
  assert.equal(merged(messages).length, 1);
  const [turn] = after(withTurns(newTurn('t1', 'p')), ...messages).turns;
  assert.deepEqual(turn?.items, [{ type: 'text', text: 'x'.repeat(20_000) }]);
});

test('merging leaves what was said as it was, and its order', () => {
  const one = events('t1', text('a'));
  const between: ToView = { type: 'focus' };
  assert.deepEqual(
    merged([one, events('t1', text('b')), between, events('t1', text('c')), events('t2', text('d'))]),
    [events('t1', text('a'), text('b')), between, events('t1', text('c')), events('t2', text('d'))],
  );
  assert.deepEqual(one, events('t1', text('a')));
});

for (const name of readdirSync(GOLDEN)) {
  test(`${name} comes to the same turn, however it is cut`, () => {
    const { prompt, events: happened } = JSON.parse(readFileSync(new URL(name, GOLDEN), 'utf8'));
    const whole = happened.reduce(reduce, newTurn('t1', prompt));
    for (let size = 1; size <= happened.length; size++) {
      const messages: ToView[] = [{ type: 'turn', turn: newTurn('t1', prompt) }];
      for (let at = 0; at < happened.length; at += size)
        messages.push(events('t1', ...happened.slice(at, at + size)));
      assert.deepEqual(after(READY, ...messages).turns, [whole]);
    }
  });
}

test('a turn runs until it has ended', () => {
  assert.equal(runningTurn(withTurns(newTurn('t1', 'p')))?.id, 't1');
  assert.equal(runningTurn(withTurns({ ...newTurn('t1', 'p'), status: 'ended' })), undefined);
});

test('aloud: that an answer begins, what it says at its end, and no word of it between', () => {
  const begun = after(READY, { type: 'turn', turn: newTurn('t1', 'p') });
  assert.deepEqual(sentences(READY, begun), { polite: ['The answer is coming'], urgent: [] });
  const grown = after(begun, events('t1', text('**Hi** `there`')));
  assert.deepEqual(sentences(begun, grown), { polite: [], urgent: [] });
  const [turn = newTurn('', '')] = grown.turns;
  const ended = withTurns({ ...turn, status: 'ended', stopReason: 'maxTokens' });
  assert.deepEqual(sentences(grown, ended), {
    polite: ['Hi there', 'The answer reached the longest that this model gives'],
    urgent: [],
  });
});

test('aloud at once: a failure, a question, a notice', () => {
  const begun = withTurns(newTurn('t1', 'p'));
  const error = { code: 'login_required', message: 'Not signed in', retryable: false };
  const failed = withTurns({ ...newTurn('t1', 'p'), status: 'ended', stopReason: 'error', error });
  assert.deepEqual(sentences(begun, failed), { polite: [], urgent: ['Not signed in'] });
  const asked = { ...begun, approvals: [APPROVAL] };
  assert.deepEqual(sentences(begun, asked).urgent, ['May bash do this? Run rm -rf build']);
  assert.deepEqual(sentences(asked, { ...asked, approvals: [{ ...APPROVAL }] }).urgent, []);
  const noticed = { ...begun, header: { ...begun.header, notice: { text: 'Copilot is not reachable' } } };
  assert.deepEqual(sentences(begun, noticed).urgent, ['Copilot is not reachable']);
});

test('a chat that is opened is not read aloud', () => {
  const old = {
    ...newTurn('t1', 'p'),
    status: 'ended' as const,
    items: [{ type: 'text' as const, text: 'a' }],
  };
  assert.deepEqual(sentences(READY, { ...READY, chatId: 'c2', turns: [old] }), { polite: [], urgent: [] });
});
