import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Piece } from '../../../src/chat/attachments.ts';
import type { ToView } from '../../../src/chat/messages.ts';
import { answered, chatWorld, ended, FILE, IMAGE, last, settled, text } from './world.ts';

test('what could not be asked stands in the prompt again, with its chips', async () => {
  const { session, calls, messages } = chatWorld();
  session.input.attach([FILE]);
  void session.send('Hello');
  await settled();
  last(calls).fail('invalid_params', 'context[0]: x.py is too large');
  await settled();
  assert.deepEqual([session.input.text, session.input.attachments], ['Hello', [FILE]]);
  assert.ok(messages.some((one) => one.type === 'draft' && one.text === 'Hello'));
  // Sent again without the chip, the turn that never was is gone.
  session.input.detach('f');
  void session.send('Hello');
  await settled();
  assert.deepEqual(
    session.turns.map(({ id }) => id),
    ['turn-2'],
  );
});

test('what is being typed is not replaced by what could not be asked', async () => {
  const { session, calls } = chatWorld();
  void session.send('Hello');
  await settled();
  session.input.typed('Another');
  last(calls).fail('login_required');
  await settled();
  assert.equal(session.input.text, 'Another');
});

test('what could not be asked is tried again where it was, and taken out of the prompt', async () => {
  const { session, calls } = chatWorld();
  session.input.attach([FILE]);
  void session.send('Hello');
  await settled();
  last(calls).fail('server_failed');
  await settled();
  void session.resend('turn-1', 'Hello');
  await settled();
  assert.deepEqual([session.input.text, session.input.attachments], ['', []]);
  assert.deepEqual(
    calls.map(({ method }) => method),
    ['pi/chat', 'pi/chat'],
  );
  assert.deepEqual(last(calls).params.context, [{ uri: 'file:///w/x.py', text: 'text of file:///w/x.py' }]);
});

test('nothing is sent while an answer comes; the prompt stays', async () => {
  const { session, calls } = chatWorld();
  void session.send('Hello');
  await settled();
  await session.send('More');
  assert.deepEqual([calls.length, session.input.text], [1, 'More']);
  assert.match(session.notice?.text ?? '', /still coming/);
  assert.match(session.ask('Explain', []) ?? '', /still coming/);
});

test('an empty prompt is not sent, but for what is attached', async () => {
  const { session, calls } = chatWorld();
  await session.send('  ');
  assert.equal(calls.length, 0);
  session.input.attach([IMAGE]);
  void session.send('');
  await settled();
  assert.equal(calls.length, 1);
});

test('what is asked beside what is typed leaves that alone', async () => {
  const { session, calls } = chatWorld();
  session.input.typed('half a tho');
  session.input.attach([IMAGE]);
  assert.equal(session.ask('Explain this code', [FILE]), null);
  await settled();
  assert.deepEqual([session.input.text, session.input.attachments], ['half a tho', [IMAGE]]);
  assert.equal(last(calls).params.images, undefined);
});

test('what is typed in one view is followed by the others, and a view that shows it is told whose draft it is', () => {
  const { session, messages } = chatWorld();
  const other: ToView[] = [];
  const viewer = { post: (one: ToView) => void other.push(one) };
  session.show(viewer);
  const before = messages.length;
  session.input.typed('Hel', viewer);
  session.input.typed('Hello', viewer);
  assert.deepEqual(messages.slice(before), [
    { type: 'draft', how: 'follow', text: 'Hel', over: '' },
    { type: 'draft', how: 'follow', text: 'Hello', over: 'Hel' },
  ]);
  assert.deepEqual(
    other.map(({ type }) => type),
    ['chat'],
  );
  const whole = session.snapshot();
  assert.ok(whole.type === 'chat');
  assert.deepEqual([whole.session, whole.draft], ['key', 'Hello']);
});

test('what was stopped before the server heard of it stands in the prompt again, with its chips', async () => {
  const { session, calls } = chatWorld();
  session.input.attach([FILE]);
  void session.send('Hello');
  await settled();
  session.stop();
  last(calls).fail('cancelled');
  await settled();
  assert.deepEqual([session.input.text, session.input.attachments], ['Hello', [FILE]]);
});

/** A chat that was answered, and a prompt that never reached the server while another one was being typed. */
async function unheard() {
  const chat = await answered();
  void chat.session.send('Lost?');
  await settled();
  chat.session.input.typed('Another');
  last(chat.calls).fail('server_stopped');
  await settled();
  return chat;
}

test('a prompt that never reached the server stays when another one is sent, and is asked where it belongs now', async () => {
  const { session, calls, drawn } = await unheard();
  void session.send('Another');
  await settled();
  session.hear('chat-1', ended('m3', 'Other'));
  last(calls).answer({});
  await settled();
  const prompts = () => session.turns.map(({ prompt }) => prompt);
  assert.deepEqual(prompts(), ['Hello', 'Lost?', 'Another']);
  void session.resend('turn-2', 'Found');
  await settled();
  assert.deepEqual(
    [last(calls).method, last(calls).params.chatId, last(calls).params.prompt],
    ['pi/chat', 'chat-1', 'Found'],
  );
  assert.deepEqual(prompts(), ['Hello', 'Another', 'Found']);
  assert.deepEqual(drawn(), session.turns);
});

test('when a fork leaves it behind it is typed again, with what was to go along', async () => {
  const { session, calls } = await answered();
  session.input.attach([FILE]);
  void session.send('Lost?');
  await settled();
  session.input.typed('Another');
  last(calls).fail('server_stopped');
  await settled();
  void session.resend('turn-1', 'Hello, changed');
  await settled();
  assert.deepEqual([session.input.text, session.input.attachments], ['Another\nLost?', [FILE]]);
});

test('what would be lost with the window is told to be kept, and nothing else is', async () => {
  const { session, calls, keptNow } = chatWorld();
  const draft = () => keptNow().draft;
  session.input.typed('Hello');
  assert.equal(draft(), 'Hello');
  void session.send('Hello');
  await settled();
  assert.equal(draft(), 'Hello', 'on its way');
  session.input.typed('And');
  assert.equal(draft(), 'And\nHello', 'on its way, and another is typed');
  session.hear('chat-1', text('Hi'));
  assert.equal(draft(), 'And', 'the server has it');
  session.hear('chat-1', ended('m1', 'Hi'));
  last(calls).answer({});
  void session.send('And');
  await settled();
  last(calls).fail('server_stopped');
  await settled();
  assert.equal(draft(), 'And', 'given back');
  session.input.typed('And now');
  assert.equal(draft(), 'And now', 'given back and changed');
  session.input.typed('And');
  session.ask('Explain', []);
  await settled();
  session.hear('chat-1', ended('m2', 'So'));
  last(calls).answer({});
  await settled();
  assert.equal(draft(), 'And', 'given back, and something was asked beside it');
  void session.send('Something else');
  await settled();
  session.hear('chat-1', text('Yes'));
  assert.equal(draft(), 'And', 'another was sent instead');
});

test('a prompt that waits for the chat to be read or forked is kept, too', async () => {
  const reading = chatWorld({ beginning: { chatId: 'chat-9' } });
  void reading.session.send('Hello');
  await settled();
  assert.deepEqual([reading.session.input.text, reading.keptNow().draft], ['', 'Hello']);
  last(reading.calls).fail('server_missing');
  await settled();
  assert.deepEqual([reading.session.input.text, reading.keptNow().draft], ['Hello', 'Hello']);
  const forking = await answered();
  void forking.session.send('Second');
  await settled();
  forking.session.hear('chat-1', ended('m2', 'Two'));
  void forking.session.resend('turn-2', 'Second, changed');
  await settled();
  assert.equal(forking.keptNow().draft, 'Second, changed');
  last(forking.calls).answer({ chat: { chatId: 'chat-2', title: 'Hello' } });
  await settled();
  forking.session.hear('chat-2', text('Two'));
  assert.equal(forking.keptNow().draft, '');
});

const SELECTION: Piece = {
  ...FILE,
  id: 's',
  kind: 'selection',
  range: { start: { line: 1, character: 0 }, end: { line: 2, character: 0 } },
};
const PROBLEMS: Piece = {
  ...FILE,
  id: 'p',
  kind: 'diagnostics',
  label: 'problems of x.py',
  text: 'line 1: error',
};

test('of what goes along, files and selections outlive the window', () => {
  const { session, keptNow } = chatWorld();
  session.input.attach([FILE, IMAGE, SELECTION, PROBLEMS]);
  assert.deepEqual(keptNow(), {
    chatId: null,
    draft: '',
    pieces: [FILE, SELECTION],
    lost: ['shot.png', 'problems of x.py'],
  });
  assert.doesNotMatch(JSON.stringify(keptNow()), /AA==|line 1: error/);
  for (const { id } of session.input.attachments) session.input.detach(id);
  assert.deepEqual([keptNow().pieces, keptNow().lost], [[], []]);
});

test('they stand there again after a reload, and it is said what does not, also once the chat has been read', async () => {
  const lost = ['shot.png', 'problems of x.py'];
  const { session, calls, messages } = chatWorld({
    beginning: { draft: 'Look', pieces: [FILE, SELECTION], lost, chatId: 'chat-9' },
  });
  const whole = messages[0];
  assert.ok(whole?.type === 'chat');
  assert.deepEqual([whole.draft, whole.chips.map(({ id }) => id)], ['Look', ['f', 's']]);
  const isSaid = () =>
    assert.match(session.notice?.text ?? '', /^shot\.png, problems of x\.py do not outlive a reload/);
  isSaid();
  void session.load();
  last(calls).fail('server_missing', 'There is no server');
  await settled();
  assert.equal(session.notice?.text, 'There is no server');
  const second = chatWorld({ beginning: { lost, chatId: 'chat-9' } });
  void second.session.load();
  const chat = { chatId: 'chat-9', title: 'Kept', cwd: null, model: null };
  last(second.calls).answer({ chat, messages: [], nextCursor: null });
  await settled();
  assert.match(second.session.notice?.text ?? '', /do not outlive a reload/);
});
