// Where one types: the prompt, what goes along with it, and Send, which is Stop while an answer comes.
// In: the state. Out: an element; FromView `send`, `stop` and `draft`. Never here: what a command such as /new does.
import { visible } from '../chat/visible.ts';
import { attachments } from './attachments.ts';
import { completing } from './completing.ts';
import { element, iconButton } from './dom.ts';
import { type PromptField, promptField } from './field.ts';
import type { Host } from './host.ts';
import { type PromptAction, type PromptState, promptAction } from './keys.ts';
import { sendButton } from './sendButton.ts';
import { EMPTY, runningTurn, type ViewState } from './state.ts';

export interface Composer {
  readonly element: HTMLElement;
  update(state: ViewState): void;
  setText(text: string): void;
  restore(session: string, draft: string): void;
  change: PromptField['change'];
  focus(): void;
  /** Has the extension keep what is typed, now */
  flush(): void;
}

export function composer(host: Host, openHelp: () => void, answerQuestion: () => void): Composer {
  const hint = element('p', { class: 'hint', id: 'pi-hint', role: 'status' });
  const tell = (text: string) => {
    hint.textContent = text;
  };
  const field = promptField((session, text) => host.post({ type: 'draft', session, text }));
  const completion = completing(host, field);
  const along = attachments(host, field, tell);
  const sending = sendButton((action) => act(action));
  const question = questionButton(answerQuestion);
  const root = element(
    'section',
    { class: 'composer', 'aria-label': 'Prompt' },
    question.element,
    completion.list.element,
    element(
      'div',
      { class: 'box' },
      along.element,
      field.element,
      element(
        'div',
        { class: 'tools' },
        iconButton('mention', 'Add a file (type @, or hold Shift and drop it here)', () => field.insert('@')),
        iconButton('question', 'Keys', openHelp),
        hint,
        sending.element,
      ),
    ),
  );
  let state: ViewState = EMPTY;
  let waits: symbol | undefined;

  const isRunning = () => runningTurn(state) !== undefined;
  const isEmpty = () => field.element.value.trim() === '' && along.length === 0 && !along.isReading;
  const showSending = () => sending.update(waits ? 'waits' : isRunning() ? 'runs' : 'ready', isEmpty());

  // Not trimmed: a space before a slash says that it is no command.
  const sendNow = () => {
    const prompt = field.element.value;
    field.set('');
    tell('');
    host.post({ type: 'send', prompt });
  };

  // The prompt stands where it is until the pictures are there that it goes with, and when one of them cannot.
  const sendLater = async () => {
    const mine = Symbol('the prompt that waits');
    waits = mine;
    tell('It is sent once the picture has been read');
    showSending();
    let all: boolean;
    do all = await along.read();
    while (along.isReading);
    if (waits !== mine) return;
    waits = undefined;
    if (all) sendNow();
    else showSending();
  };

  const send = () => {
    if (isRunning() || waits || isEmpty()) return;
    if (along.isReading) void sendLater();
    else sendNow();
  };

  const stopWaiting = () => {
    waits = undefined;
    tell('');
    showSending();
  };

  const recall = () => {
    const last = state.turns.at(-1)?.prompt;
    if (last) field.set(last);
  };

  const actions: Readonly<Record<Exclude<PromptAction, 'none'>, () => void>> = {
    send,
    stop: () => (waits ? stopWaiting() : host.post({ type: 'stop' })),
    recall,
    removeChip: along.removeLast,
    nextItem: () => completion.list.move(1),
    previousItem: () => completion.list.move(-1),
    takeItem: completion.list.take,
    closeList: completion.list.close,
  };

  const act = (action: Exclude<PromptAction, 'none'>) => actions[action]();

  const promptState = (): PromptState => ({
    text: field.element.value,
    from: field.element.selectionStart,
    to: field.element.selectionEnd,
    running: isRunning() || waits !== undefined,
    sendWith: host.sendWith(),
    chips: along.length,
    list: { length: completion.list.length, exact: completion.isExact() },
  });

  // What is done here is not for the keys of the window, of which Escape would stop the answer too.
  field.element.addEventListener('keydown', (event) => {
    const action = promptAction(event, promptState());
    if (action === 'none') return;
    event.preventDefault();
    event.stopPropagation();
    act(action);
  });
  field.onChange(showSending);

  const update = (next: ViewState) => {
    const before = state;
    state = next;
    along.update(next.chips);
    const { completions } = next;
    if (completions !== before.completions) completion.found(completions.query, completions.items);
    const wanted = placeholder(next);
    if (field.element.placeholder !== wanted) field.element.placeholder = wanted;
    if (next.approvals !== before.approvals) question.update(next.approvals[0]?.tool);
    showSending();
  };

  update(EMPTY);
  return {
    element: root,
    update,
    setText: field.set,
    restore(session, draft) {
      if (field.restore(session, draft)) stopWaiting();
    },
    change: field.change,
    focus: () => field.element.focus(),
    flush: field.flush,
  };
}

function placeholder(state: ViewState): string {
  return state.turns.length === 0 ? 'Ask something; @ adds files, / shows commands' : 'Ask on; @ adds files';
}

// A question may be out of sight, above what one reads.
function questionButton(answer: () => void) {
  const button = element('button', { type: 'button', class: 'question-waits button primary' });
  button.addEventListener('click', answer);
  button.hidden = true;
  const update = (tool: string | undefined) => {
    button.hidden = tool === undefined;
    button.textContent = tool === undefined ? '' : `May ${visible(tool)} do this? Answer`;
  };
  return { element: button, update };
}
