import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  answerOf,
  broken,
  joined,
  mended,
  newTurn,
  reduce,
  type Turn,
  turnsOf,
} from '../../../src/chat/transcript.ts';
import type { Block, Ended, Message, TurnEvent } from '../../../src/protocol.ts';

interface Golden {
  readonly about: string;
  readonly prompt: string;
  readonly events: TurnEvent[];
}

const FOLDER = new URL('../../../../../tests/protocol/golden/', import.meta.url);
const goldens: readonly (readonly [string, Golden])[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Golden]);

function played(golden: Golden, events: readonly TurnEvent[] = golden.events): Turn {
  return events.reduce(reduce, newTurn('t', golden.prompt));
}

function endedOf(golden: Golden): Ended {
  return golden.events.find((event) => event.type === 'ended') as Ended;
}

test('there are golden transcripts', () => {
  assert.ok(goldens.length >= 10);
});

for (const [name, golden] of goldens) {
  test(`${name}: ${golden.about}`, () => {
    const turn = played(golden);
    const ended = endedOf(golden);
    assert.equal(turn.status, 'ended');
    assert.equal(turn.stopReason, ended.stopReason);
    assert.deepEqual(turn.error, ended.error);
    assert.deepEqual(turn.usage, ended.usage);
    assert.equal(turn.lastMessageId, ended.message.id);
    assert.equal(turn.retry, undefined);
    assert.ok(turn.items.every((item) => item.type !== 'tool' || item.status !== 'running'));
    const said = golden.events.flatMap((event) => (event.type === 'text' ? [event.delta] : [])).join('');
    assert.equal(turn.items.flatMap((item) => (item.type === 'text' ? [item.text] : [])).join(''), said);
  });

  test(`${name}: cut anywhere into two batches, it comes to the same`, () => {
    const whole = played(golden);
    for (let cut = 0; cut <= golden.events.length; cut += 1) {
      const batches = [golden.events.slice(0, cut), golden.events.slice(cut)];
      assert.deepEqual(played(golden, batches.flatMap(joined)), whole, `cut at ${cut}`);
    }
  });

  test(`${name}: broken off anywhere, it is ended and keeps what came`, () => {
    const error = { code: 'server_stopped', message: 'The pi server stopped', retryable: true };
    for (let cut = 0; cut < golden.events.length; cut += 1) {
      const before = played(golden, golden.events.slice(0, cut));
      const turn = broken(before, 'error', error);
      assert.equal(turn.status, 'ended');
      if (before.status === 'ended') assert.equal(turn, before);
      else assert.deepEqual([turn.error, turn.stopReason], [error, 'error']);
      assert.equal(answerOf(turn), answerOf(before));
      assert.ok(turn.items.every((item) => item.type !== 'tool' || item.status !== 'running'));
    }
  });

  test(`${name}: what came before is never changed, and what did not change is the same`, () => {
    let turn = newTurn('t', golden.prompt);
    for (const event of golden.events) {
      const before = structuredClone(turn);
      const next = reduce(turn, event);
      assert.deepEqual(turn, before);
      const kept = next.items.slice(0, -2).filter((item, index) => item !== turn.items[index]);
      assert.ok(kept.length === 0 || event.type === 'ended' || 'id' in event);
      turn = next;
    }
  });

  test(`${name}: the last event alone brings the same text`, () => {
    const ended = endedOf(golden);
    const text = ended.message.content.flatMap((block) => (block.type === 'text' ? [block.text] : []));
    assert.equal(answerOf(played(golden, [ended])), text.join(''));
  });
}

test('nothing changes a turn that has ended', () => {
  for (const [, golden] of goldens) {
    const turn = played(golden);
    for (const event of golden.events) assert.equal(reduce(turn, event), turn);
  }
});

function message(id: string, role: Message['role'], content: Block[], more: Partial<Message> = {}): Message {
  return { id, role, content, createdAt: 1, ...more };
}

test('a kept chat comes back as turns, and each can be forked after', () => {
  const turns = turnsOf([
    message('u1', 'user', [
      { type: 'text', text: '/w/x.py, lines 1-2:\n```\nx\n```' },
      { type: 'image', mimeType: 'image/png', data: 'AA==' },
      { type: 'text', text: 'What is it?' },
    ]),
    message('a1', 'assistant', [{ type: 'toolCall', id: 'c', name: 'read', input: { path: 'x' } }], {
      model: 'p/m',
      stopReason: 'toolUse',
    }),
    message('r1', 'tool', [
      { type: 'toolResult', toolCallId: 'c', isError: false, content: [{ type: 'text', text: 'ok' }] },
    ]),
    message('a2', 'assistant', [{ type: 'text', text: 'It is x.' }], { model: 'p/m', stopReason: 'endTurn' }),
    message('u2', 'user', [{ type: 'text', text: 'Never answered' }]),
  ]);
  assert.deepEqual(turns, [
    {
      id: 'u1',
      prompt: 'What is it?',
      context: ['/w/x.py, lines 1-2'],
      images: [{ mimeType: 'image/png', data: 'AA==' }],
      status: 'ended',
      items: [
        {
          type: 'tool',
          id: 'c',
          name: 'read',
          title: 'read',
          input: { path: 'x' },
          output: 'ok',
          images: [],
          status: 'done',
        },
        { type: 'text', text: 'It is x.' },
      ],
      model: 'p/m',
      stopReason: 'endTurn',
      lastMessageId: 'a2',
    },
    {
      id: 'u2',
      prompt: 'Never answered',
      context: [],
      images: [],
      status: 'ended',
      items: [],
      stopReason: 'endTurn',
      lastMessageId: 'u2',
    },
  ]);
});

test('an end that tells more than was heard makes the turn whole, with what only events bring', () => {
  const heard: TurnEvent[] = [
    { type: 'text', delta: 'I lo' },
    { type: 'toolCall', id: 'c1', name: 'read', title: 'Read x.py', input: { path: 'x.py' } },
    { type: 'toolOutput', id: 'c1', delta: 'x = 1' },
    { type: 'toolResult', id: 'c1', isError: false, content: [] },
  ];
  const message: Message = {
    id: 'm',
    role: 'assistant',
    createdAt: 1,
    content: [
      { type: 'text', text: 'I look' },
      { type: 'toolCall', id: 'c1', name: 'read', input: { path: 'x.py' } },
      { type: 'text', text: 'It is 1' },
    ],
  };
  const turn = heard.reduce(reduce, newTurn('t', 'p'));
  const items = mended(turn, message).items;
  assert.deepEqual(
    items.map((item) => (item.type === 'tool' ? [item.title, item.output, item.status] : item)),
    [{ type: 'text', text: 'I look' }, ['Read x.py', 'x = 1', 'done'], { type: 'text', text: 'It is 1' }],
  );
});

test('an end that tells of the last step alone leaves those before as they were heard', () => {
  const heard: TurnEvent[] = [
    { type: 'text', delta: 'First' },
    { type: 'toolCall', id: 'c1', name: 'read', title: 'Read x.py', input: {} },
    { type: 'toolResult', id: 'c1', isError: false, content: [] },
    { type: 'text', delta: 'Th' },
  ];
  const turn = heard.reduce(reduce, newTurn('t', 'p'));
  const told = (content: Block[]) =>
    mended(turn, { id: 'm', role: 'assistant', createdAt: 1, content }).items.map((item) =>
      item.type === 'tool' ? item.title : item.type === 'text' ? item.text : item.type,
    );
  assert.deepEqual(told([{ type: 'text', text: 'Then' }]), ['First', 'Read x.py', 'Then']);
  assert.deepEqual(told([]), ['First', 'Read x.py', 'Th']);
});
