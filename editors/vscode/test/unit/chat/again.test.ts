import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnsKept } from '../../../src/chat/kept.ts';
import type { Message } from '../../../src/protocol.ts';
import { answered, chatWorld, ended, last, message, settled, text } from './world.ts';

test('a prompt asked anew goes to a chat that forks before it', async () => {
  const { session, calls, drawn } = await answered();
  void session.send('Second');
  await settled();
  session.hear('chat-1', ended('m2', 'Two'));
  void session.resend('turn-2', 'Second, changed');
  await settled();
  assert.deepEqual(
    [last(calls).method, last(calls).params],
    ['pi/chat/fork', { chatId: 'chat-1', afterMessageId: 'm1' }],
  );
  last(calls).answer({ chat: { chatId: 'chat-2', title: 'Hello' } });
  await settled();
  assert.deepEqual([last(calls).params.chatId, last(calls).params.prompt], ['chat-2', 'Second, changed']);
  assert.deepEqual(
    session.turns.map(({ prompt }) => prompt),
    ['Hello', 'Second, changed'],
  );
  assert.deepEqual(drawn(), session.turns);
});

test('the first prompt asked anew is a new chat', async () => {
  const { session, calls } = await answered();
  void session.resend('turn-1', 'Hello again');
  await settled();
  assert.deepEqual([last(calls).method, last(calls).params.chatId], ['pi/chat', undefined]);
  assert.equal(session.title, 'Hello again');
});

test('after a crash it forks where the server can', async () => {
  const { session, calls } = await answered();
  void session.send('Second');
  await settled();
  session.hear('chat-1', text('Tw'));
  last(calls).fail('server_stopped');
  await settled();
  void session.send('Third');
  await settled();
  session.hear('chat-1', ended('m3', 'Three'));
  void session.resend('turn-3', 'Third');
  await settled();
  assert.deepEqual(last(calls).params, { chatId: 'chat-1', afterMessageId: 'm1' });
  last(calls).answer({ chat: { chatId: 'chat-2', title: 'Hello' } });
  await settled();
  assert.deepEqual(
    session.turns.map(({ prompt }) => prompt),
    ['Hello', 'Third'],
  );
});

test('a fork that fails changes nothing, and the changed prompt is kept', async () => {
  const { session, calls } = await answered();
  void session.send('Second');
  await settled();
  session.hear('chat-1', ended('m2', 'Two'));
  const before = session.turns;
  void session.resend('turn-2', 'Second, changed');
  await settled();
  last(calls).fail('storage_failed', 'The disk is full');
  await settled();
  assert.deepEqual(
    [session.turns, session.input.text, session.notice],
    [before, 'Second, changed', { text: 'The disk is full' }],
  );
  void session.send('Third');
  await settled();
  assert.equal(last(calls).params.chatId, 'chat-1');
});

test('a chat is not let go while it forks or is read, however little is seen of it', async () => {
  const forking = await answered();
  void forking.session.send('Second');
  await settled();
  forking.session.hear('chat-1', ended('m2', 'Two'));
  forking.session.hide(forking.viewer);
  assert.equal(forking.session.idle, true);
  void forking.session.resend('turn-2', 'Second, changed');
  await settled();
  assert.equal(forking.session.idle, false);
  last(forking.calls).answer({ chat: { chatId: 'chat-2', title: 'Hello' } });
  await settled();
  assert.deepEqual([forking.session.idle, forking.session.running], [false, 'turn-3']);
  const reading = chatWorld();
  reading.session.hide(reading.viewer);
  void reading.session.load('chat-9');
  assert.equal(reading.session.idle, false);
});

test('in a chat that is deleted while it forks nothing is asked', async () => {
  const { session, calls } = await answered();
  void session.send('Second');
  await settled();
  session.hear('chat-1', ended('m2', 'Two'));
  void session.resend('turn-2', 'Second, changed');
  await settled();
  session.close();
  last(calls).answer({ chat: { chatId: 'chat-2', title: 'Hello' } });
  await settled();
  assert.deepEqual([last(calls).method, session.running], ['pi/chat/fork', undefined]);
});

test('a prompt that was changed and cannot be asked anew stands after what is being typed', async () => {
  const failing = await answered();
  void failing.session.send('Second');
  await settled();
  failing.session.hear('chat-1', ended('m2', 'Two'));
  failing.session.input.typed('A draft');
  void failing.session.resend('turn-2', 'Second, changed');
  await settled();
  last(failing.calls).fail('storage_failed', 'The disk is full');
  await settled();
  assert.equal(failing.session.input.text, 'A draft\nSecond, changed');
  const refused = await answered();
  void refused.session.send('Second');
  await settled();
  await refused.session.resend('turn-1', 'Hello, changed');
  assert.equal(refused.session.input.text, 'Hello, changed');
  assert.match(refused.session.notice?.text ?? '', /still coming/);
});

test('a chat that was deleted elsewhere goes on as a new one', async () => {
  const { session, calls } = await answered();
  void session.send('Second');
  await settled();
  const error = { code: 'unknown_chat', message: 'There is no such chat', retryable: false };
  session.hear('chat-1', ended('m2', '', { stopReason: 'error', error }));
  last(calls).fail('unknown_chat');
  await settled();
  assert.deepEqual([session.chatId, session.input.text], [null, 'Second']);
  assert.match(session.notice?.text ?? '', /deleted elsewhere/);
  void session.resend('turn-2', 'Second');
  await settled();
  assert.deepEqual([last(calls).method, last(calls).params.chatId], ['pi/chat', undefined]);
});

test('a fork of a chat that was deleted elsewhere says so, and the next try begins a new one', async () => {
  const { session, calls } = await answered();
  void session.send('Second');
  await settled();
  session.hear('chat-1', ended('m2', 'Two'));
  void session.resend('turn-2', 'Second');
  await settled();
  last(calls).fail('unknown_chat');
  await settled();
  assert.match(session.notice?.text ?? '', /deleted elsewhere/);
  void session.resend('turn-2', 'Second');
  await settled();
  assert.deepEqual([last(calls).method, last(calls).params.chatId], ['pi/chat', undefined]);
});

const refused = { code: 'login_required', message: 'Sign in', retryable: false };

/** A chat in which the server has kept that prompt, and nothing came of it. */
async function refusedWith(prompt: string, chat = chatWorld()) {
  void chat.session.send(prompt);
  await settled();
  chat.session.hear('chat-1', ended('m-refused', '', { stopReason: 'error', error: refused }));
  last(chat.calls).fail('login_required');
  await settled();
  return chat;
}

const again: [about: string, chat: () => ReturnType<typeof refusedWith>, stay: string[]][] = [
  ['the first', () => refusedWith('Hello'), ['Hello']],
  ['a later one', async () => refusedWith('And?', await answered()), ['Hello', 'And?']],
];

for (const [about, begin, stay] of again) {
  test(`a prompt of which nothing came is asked again in the same chat, and stands there once: ${about}`, async () => {
    const { session, calls, drawn } = await begin();
    const failed = session.turns.at(-1) ?? assert.fail();
    void session.resend(failed.id, failed.prompt);
    await settled();
    assert.deepEqual([last(calls).method, last(calls).params.chatId], ['pi/chat', 'chat-1']);
    assert.deepEqual(
      calls.filter(({ method }) => method !== 'pi/chat'),
      [],
    );
    assert.deepEqual(
      session.turns.map(({ prompt }) => prompt),
      stay,
    );
    assert.notEqual(session.turns.at(-1)?.id, failed.id);
    assert.equal(session.input.text, '');
    assert.deepEqual(drawn(), session.turns);
  });
}

test('by the prompt itself it is the same', async () => {
  const { session, calls } = await refusedWith('Hello');
  void session.send('Hello');
  await settled();
  assert.equal(last(calls).params.chatId, 'chat-1');
  assert.deepEqual(
    session.turns.map(({ id }) => id),
    ['turn-2'],
  );
});

test('one of which nothing came is asked in another chat when it was changed, and the old one keeps it', async () => {
  const { session, calls } = await refusedWith('Hello');
  void session.resend('turn-1', 'Hello there');
  await settled();
  assert.deepEqual([last(calls).method, last(calls).params.chatId], ['pi/chat', undefined]);
});

test('one that others followed forks, so that these stay in the old chat', async () => {
  const { session, calls } = await refusedWith('And?', await answered());
  session.input.typed('');
  void session.send('Third');
  await settled();
  session.hear('chat-1', ended('m3', 'Three'));
  last(calls).answer({});
  await settled();
  void session.resend('turn-2', 'And?');
  await settled();
  assert.deepEqual(
    [last(calls).method, last(calls).params],
    ['pi/chat/fork', { chatId: 'chat-1', afterMessageId: 'm1' }],
  );
});

const said = (role: 'user' | 'assistant', ...texts: string[]): Message => ({
  ...message(texts.join(), ''),
  role,
  content: texts.map((one) => ({ type: 'text', text: one })),
  ...(role === 'assistant' && !texts.length && { stopReason: 'error' }),
});
const [hello, nothing, hi] = [said('user', 'Hello'), said('assistant'), said('assistant', 'Hi')];

const kept: [about: string, messages: Message[], prompts: string[]][] = [
  ['after nothing had come', [hello, nothing, hello, hi], ['Hello']],
  ['after a crash', [hello, hello, hi], ['Hello']],
  ['and nothing came once more', [hello, nothing, hello, nothing], ['Hello']],
  ['after an answer', [hello, hi, hello, hi], ['Hello', 'Hello']],
  ['changed', [hello, nothing, said('user', 'Hello there'), hi], ['Hello', 'Hello there']],
  ['pictures alone', [said('user', ''), nothing, said('user', ''), hi], ['', '']],
];

for (const [about, messages, prompts] of kept) {
  test(`a kept prompt that was asked again: ${about}`, () => {
    assert.deepEqual(
      turnsKept(messages).map(({ prompt }) => prompt),
      prompts,
    );
  });
}
