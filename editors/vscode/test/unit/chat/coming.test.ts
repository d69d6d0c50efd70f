import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, chatWorld, ended, FILE, last, settled, text } from './world.ts';

const PAGE = {
  chat: { chatId: 'chat-9', title: 'Kept', cwd: null, model: null },
  messages: [],
  nextCursor: null,
};

function kept() {
  return chatWorld({ beginning: { chatId: 'chat-9' } });
}

/** A fork that has been asked for */
async function forking() {
  const chat = await answered();
  void chat.session.send('Second');
  await settled();
  chat.session.hear('chat-1', ended('m2', 'Two'));
  last(chat.calls).answer({});
  await settled();
  void chat.session.resend('turn-2', 'Second, changed');
  await settled();
  assert.equal(last(chat.calls).method, 'pi/chat/fork');
  return chat;
}

test('a prompt waits for the chat to be read, however the reading began, and there is one reading', async () => {
  for (const begin of ['seen', 'opened', 'nobody']) {
    const { session, calls } = begin === 'opened' ? chatWorld() : kept();
    if (begin !== 'nobody') void session.load('chat-9');
    void session.send('Hello');
    void session.load('chat-9');
    await settled();
    assert.deepEqual(
      calls.map(({ method }) => method),
      ['pi/chat/read'],
      begin,
    );
    assert.match(session.notice?.text ?? '', /sent as soon as the chat/);
    last(calls).answer(PAGE);
    await settled();
    assert.deepEqual([last(calls).method, last(calls).params.chatId], ['pi/chat', 'chat-9'], begin);
    assert.deepEqual([session.notice, session.unread], [null, false], begin);
  }
});

test('what is on its way into the prompt goes along, however soon it is sent', async () => {
  const { session, calls } = chatWorld();
  let looked: () => void = () => undefined;
  const looking = new Promise<void>((resolve) => {
    looked = resolve;
  });
  void session.during(looking.then(() => session.input.attach([FILE])));
  void session.send('What is in it?');
  await settled();
  assert.deepEqual([calls, session.coming, session.idle], [[], true, false]);
  looked();
  await settled();
  assert.deepEqual(last(calls).params.context, [{ uri: FILE.uri, text: `text of ${FILE.uri}` }]);
  assert.deepEqual(session.input.attachments, []);
});

test('why a file does not go along is still said when the answer comes, and one that fails holds nothing up', async () => {
  const { session, calls } = chatWorld();
  const refused = Promise.resolve().then(() => session.setNotice({ text: 'x.bin is not text' }));
  void session.during(refused);
  session.during(Promise.reject(new Error('gone'))).catch(() => undefined);
  void session.send('Hello');
  await settled();
  assert.deepEqual([last(calls).method, session.notice], ['pi/chat', { text: 'x.bin is not text' }]);
});

test('a second prompt does not pass the first', async () => {
  const { session, calls } = kept();
  void session.send('First');
  await session.send('Second');
  assert.equal(session.input.text, 'Second');
  assert.match(session.notice?.text ?? '', /still waits to be sent/);
  assert.match(session.ask('Explain', []) ?? '', /still waits/);
  last(calls).answer(PAGE);
  await settled();
  assert.deepEqual([last(calls).params.prompt, session.input.text], ['First', 'Second']);
});

const waits: [
  about: string,
  begin: () => Promise<ReturnType<typeof chatWorld>>,
  prompt: string,
  answer: unknown,
][] = [
  [
    'is read',
    async () => {
      const chat = kept();
      void chat.session.send('Hello');
      await settled();
      return chat;
    },
    'Hello',
    PAGE,
  ],
  ['forks', forking, 'Second, changed', { chat: { chatId: 'chat-2', title: 'Hello' } }],
];

for (const [about, begin, prompt, answer] of waits) {
  test(`stopped while the chat ${about}, it is typed again and nothing is asked`, async () => {
    const { session, calls, keptNow } = await begin();
    const { turns } = session;
    assert.deepEqual([session.coming, session.stop()], [true, true]);
    assert.deepEqual([session.input.text, keptNow().draft, session.notice], [prompt, prompt, null]);
    const asked = calls.length;
    last(calls).answer(answer);
    await settled();
    assert.deepEqual([calls.length, session.input.text, session.turns], [asked, prompt, turns]);
    assert.deepEqual([session.coming, session.stop()], [false, false]);
  });

  test(`deleted while the chat ${about}, it is handed over and nothing is asked`, async () => {
    const { session, calls } = await begin();
    session.input.typed('More');
    assert.equal(session.close(), `More\n${prompt}`);
    const asked = calls.length;
    last(calls).answer(answer);
    await settled();
    assert.equal(calls.length, asked);
  });
}

test('what was said meanwhile outlasts the reading', async () => {
  const { session, calls } = kept();
  void session.load();
  session.setNotice({ text: 'x.bin is too large to attach' });
  last(calls).answer(PAGE);
  await settled();
  assert.deepEqual(session.notice, { text: 'x.bin is too large to attach' });
});

test('an answer that comes is stopped as ever', async () => {
  const { session, calls } = chatWorld();
  void session.send('Hello');
  await settled();
  session.hear('c', text('Hi'));
  assert.equal(session.stop(), true);
  assert.equal(last(calls).token?.isCancellationRequested, true);
  assert.equal(session.input.text, '');
});
