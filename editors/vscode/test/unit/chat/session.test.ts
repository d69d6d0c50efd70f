import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { Piece } from '../../../src/chat/attachments.ts';
import { answerOf } from '../../../src/chat/transcript.ts';
import {
  answered,
  chatWorld,
  ended,
  FILE,
  IMAGE,
  last,
  message,
  result,
  STARTED,
  settled,
  text,
  USAGE,
} from './world.ts';

test('a turn is asked with everything that goes along, by an id of its own', async () => {
  const { session, calls, drawn } = chatWorld();
  session.input.typed('Hello');
  session.input.attach([FILE, IMAGE]);
  void session.send('Hello');
  assert.deepEqual(
    drawn().map(({ prompt, context, images, status }) => [prompt, context, images.length, status]),
    [['Hello', ['x.py'], 1, 'waiting']],
  );
  assert.deepEqual([session.input.text, session.input.attachments], ['', []]);
  await settled();
  assert.deepEqual(
    calls.map(({ method, params }) => [method, params]),
    [
      [
        'pi/chat',
        {
          turnId: 'turn-1',
          prompt: 'Hello',
          context: [{ uri: 'file:///w/x.py', text: 'text of file:///w/x.py' }],
          images: [{ mimeType: 'image/png', data: 'AA==' }],
          cwd: '/w',
          approval: 'ask',
        },
      ],
    ],
  );
  assert.equal(session.running, 'turn-1');
});

test('the next turn is asked in the same chat, and a view sees what the session has', async () => {
  const { session, calls, drawn, endings } = await answered();
  assert.equal(session.running, undefined);
  assert.deepEqual([session.chatId, session.title, session.model], ['chat-1', 'Hello', 'p/m']);
  void session.send('And?');
  await settled();
  assert.equal(last(calls).params.chatId, 'chat-1');
  assert.deepEqual(drawn(), session.turns);
  assert.equal(endings.length, 1);
});

const ends: [
  about: string,
  play: (chat: ReturnType<typeof chatWorld>) => void,
  expected: [string?, string?, string?],
][] = [
  [
    '`ended` and then the answer',
    ({ session, calls }) => {
      session.hear('c', ended('m', 'Hi'));
      last(calls).answer(result('m', 'Hi'));
    },
    ['endTurn', 'Hi'],
  ],
  ['the answer alone', ({ calls }) => last(calls).answer(result('m', 'Hi')), ['endTurn', 'Hi']],
  [
    'the answer and then `ended`',
    ({ session, calls }) => {
      last(calls).answer(result('m', 'Hi'));
      session.hear('c', ended('m', 'Hi'));
    },
    ['endTurn', 'Hi'],
  ],
  ['`ended` alone', ({ session }) => session.hear('c', ended('m', 'Hi')), ['endTurn', 'Hi']],
  [
    '`ended` twice',
    ({ session }) => {
      session.hear('c', ended('m', 'Hi'));
      session.hear('c', ended('m', 'Ho'));
    },
    ['endTurn', 'Hi'],
  ],
  ['a refusal', ({ calls }) => last(calls).fail('invalid_params'), ['error', '', 'invalid_params']],
  [
    '`ended` with an error, and the refusal',
    ({ session, calls }) => {
      const error = { code: 'login_required', message: 'Sign in', retryable: false };
      session.hear('c', ended('m', '', { stopReason: 'error', error }));
      last(calls).fail('login_required');
    },
    ['error', '', 'login_required'],
  ],
  [
    'a server that died in the middle',
    ({ session, calls }) => {
      session.hear('c', STARTED);
      session.hear('c', text('Hi '));
      session.hear('c', text('the'));
      last(calls).fail('server_stopped');
    },
    ['error', 'Hi the', 'server_stopped'],
  ],
  [
    'a stop',
    ({ session, calls }) => {
      session.hear('c', text('Hi'));
      session.stop();
      session.hear('c', ended('m', 'Hi', { stopReason: 'cancelled' }));
      last(calls).fail('cancelled');
    },
    ['cancelled', 'Hi'],
  ],
  [
    'a stop before the server was asked anything',
    ({ session, calls }) => {
      session.stop();
      last(calls).fail('cancelled');
    },
    ['cancelled', '', 'cancelled'],
  ],
];

for (const [about, play, [stopReason, said, code]] of ends) {
  test(`a turn ends once: ${about}`, async () => {
    const chat = chatWorld();
    void chat.session.send('Hello');
    await settled();
    play(chat);
    await settled();
    const [turn] = chat.session.turns;
    assert.ok(turn);
    assert.deepEqual(
      [turn.status, turn.stopReason, answerOf(turn), turn.error?.code],
      ['ended', stopReason, said, code],
    );
    assert.equal(chat.session.running, undefined);
    assert.equal(chat.endings.length, 1);
    assert.deepEqual(chat.drawn(), chat.session.turns);
  });
}

test('a server that says nothing after a stop is not waited for for ever', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { session } = chatWorld();
  void session.send('Hello');
  await settled();
  session.hear('c', text('Hi'));
  assert.equal(session.stop(), true);
  mock.timers.tick(9_999);
  assert.equal(session.running, 'turn-1');
  mock.timers.tick(1);
  mock.timers.reset();
  assert.deepEqual([session.running, session.turns[0]?.stopReason], [undefined, 'cancelled']);
  assert.equal(session.stop(), false);
});

test('events are joined, but for the first', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { session, messages } = chatWorld();
  void session.send('Hello');
  await settled();
  for (let count = 0; count < 1000; count += 1) session.hear('c', text('x'));
  mock.timers.tick(16);
  const batches = messages.flatMap((one) => (one.type === 'events' ? [one.events] : []));
  assert.deepEqual(batches, [[text('x')], [text('x'.repeat(999))]]);
  mock.timers.reset();
});

test('a kept chat is read page by page, and its prompts can be asked anew with what went along', async () => {
  const { session, calls, drawn } = chatWorld();
  const user = (id: string, ...texts: string[]) => ({
    ...message(id, ''),
    role: 'user',
    content: texts.map((one) => ({ type: 'text', text: one })),
  });
  const kept = { chatId: 'chat-9', title: 'Kept', cwd: '/elsewhere', model: 'p/m' };
  void session.load('chat-9');
  last(calls).answer({ chat: kept, messages: [user('u1', 'One'), message('m1', 'Eins')], nextCursor: '2' });
  await settled();
  assert.deepEqual(last(calls).params, { chatId: 'chat-9', limit: 200, cursor: '2' });
  const second = [user('u2', '/w/x.py:\n```\nx\n```', 'Two'), message('m2', 'Zwei')];
  last(calls).answer({ chat: kept, messages: second, nextCursor: null });
  await settled();
  assert.deepEqual([session.title, session.cwd, session.turns.length], ['Kept', '/elsewhere', 2]);
  assert.deepEqual(drawn(), session.turns);
  void session.resend('u2', 'Two');
  await settled();
  last(calls).answer({ chat: kept, messages: second, nextCursor: null });
  await settled();
  last(calls).answer({ chat: { ...kept, chatId: 'chat-10' } });
  await settled();
  assert.deepEqual(
    [last(calls).method, last(calls).params.context],
    ['pi/chat', [{ uri: 'file:///w/x.py', text: 'x' }]],
  );
});

test('a kept chat that is no more is a new one; one that cannot be read is read later', async () => {
  const gone = chatWorld();
  void gone.session.load('chat-9');
  last(gone.calls).fail('unknown_chat');
  await settled();
  assert.deepEqual([gone.session.chatId, gone.session.unread], [null, false]);
  assert.match(gone.session.notice?.text ?? '', /was deleted elsewhere/);
  void gone.session.send('Hello');
  await settled();
  assert.deepEqual([last(gone.calls).method, last(gone.calls).params.chatId], ['pi/chat', undefined]);
  const later = chatWorld();
  void later.session.load('chat-9');
  last(later.calls).fail('server_missing');
  await settled();
  assert.deepEqual([later.session.chatId, later.session.unread], ['chat-9', true]);
  void later.session.send('Hello');
  last(later.calls).answer({
    chat: { chatId: 'chat-9', title: 'Kept', cwd: null, model: null },
    messages: [],
    nextCursor: null,
  });
  await settled();
  assert.equal(last(later.calls).params.chatId, 'chat-9');
});

test('an answer that could not be saved is there, and the header says so', async () => {
  const { session } = chatWorld();
  void session.send('Hello');
  await settled();
  const error = { code: 'storage_failed', message: 'The chat could not be saved', retryable: false };
  session.hear('c', text('Hi'));
  session.hear('c', ended('m', 'Hi', { error }));
  assert.deepEqual(session.notice, {
    text: 'The chat could not be saved',
    command: 'pi.showLog',
    label: 'Show log',
  });
});

test('files that the prompt names go along, each once', async () => {
  const named: Piece[] = [
    { ...FILE, id: 'g' },
    { ...FILE, id: 'h', label: 'y.py', uri: 'file:///w/y.py' },
  ];
  const { session, calls, drawn } = chatWorld({
    named: () => Promise.resolve({ pieces: named, outside: [] }),
  });
  session.input.attach([FILE]);
  void session.send('Compare @x.py with @y.py');
  await settled();
  assert.deepEqual(
    (last(calls).params.context as { uri: string }[]).map(({ uri }) => uri),
    ['file:///w/x.py', 'file:///w/y.py'],
  );
  assert.deepEqual(drawn()[0]?.context, ['x.py', 'y.py']);
});

test('a view that comes later sees all of it, and one that has gone hears nothing', async () => {
  const { session, drawn } = chatWorld();
  void session.send('Hello');
  await settled();
  session.hear('c', text('Hi '));
  session.hear('c', text('you'));
  const late: unknown[] = [];
  const viewer = { post: (one: unknown) => late.push(one) };
  session.show(viewer);
  assert.equal(late.length, 1);
  assert.deepEqual((late[0] as { turns: unknown }).turns, session.turns);
  assert.equal(answerOf(drawn()[0] ?? assert.fail()), 'Hi you');
  session.hide(viewer);
  session.hear('c', ended('m', 'Hi you', { usage: USAGE }));
  assert.equal(late.length, 1);
});

test('after a gap the answer is what its end brings', async () => {
  const { session, drawn } = chatWorld();
  void session.send('Hello');
  await settled();
  session.hear('c', STARTED, 0);
  session.hear('c', text('One '), 1);
  session.hear('c', text('three'), 3);
  session.hear('c', ended('m', 'One two three'), 4);
  assert.equal(answerOf(session.turns[0] ?? assert.fail()), 'One two three');
  assert.deepEqual(drawn(), session.turns);
});

test('a file outside of the workspace does not go along, and that is said', async () => {
  const named = () => Promise.resolve({ pieces: [], outside: ['/home/ada/.ssh/id_fake'] });
  const { session, calls } = chatWorld({ named });
  void session.send('Look at @~/.ssh/id_fake');
  await settled();
  assert.equal(last(calls).params.context, undefined);
  assert.match(session.notice?.text ?? '', /id_fake did not go along: it lies outside/);
});

test('the header goes out when a turn tells its model', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { session, messages } = chatWorld();
  void session.send('Hello');
  await settled();
  const before = messages.length;
  session.hear('c', STARTED);
  mock.timers.tick(16);
  mock.timers.reset();
  assert.deepEqual(
    messages.slice(before).map((one) => (one.type === 'header' ? one.header.model : one.type)),
    ['events', 'p/m'],
  );
});
