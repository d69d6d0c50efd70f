// Where one types: the prompt, what goes along with it, and Send, which is Stop while an answer comes.
// In: the state. Out: an element; FromView `send`, `stop`, `draft`, `complete`, `attach`, `attachImage`, `detach`.
// Never here: what a command such as /new does.
import type { Chip, Completion, FromView } from '../chat/messages.ts';
import { element, iconButton, setChildren } from './dom.ts';
import { draftKeeper } from './draft.ts';
import { carriesFiles, droppedFrom } from './drops.ts';
import { growWithText } from './grow.ts';
import type { Host } from './host.ts';
import { type IconName, icon } from './icons.ts';
import { type PromptAction, promptAction } from './keys.ts';
import { pictureFrom } from './pictures.ts';
import { runningTurn, type ViewState } from './state.ts';
import { type Suggestion, suggestions } from './suggestions.ts';
import { commandsFor, type Trigger, triggerAt } from './triggers.ts';

export interface Composer {
  readonly element: HTMLElement;
  update(state: ViewState): void;
  setText(text: string, how: 'replace' | 'append'): void;
  /** What the extension has kept; it need not hear it again */
  restore(text: string): void;
  focus(): void;
}

export function composer(host: Host, openHelp: () => void, answerQuestion: () => void): Composer {
  const field = element('textarea', {
    rows: '1',
    class: 'field',
    'aria-label': 'Prompt',
    'aria-describedby': 'pi-hint',
  });
  const list = suggestions(field, host.say);
  const chips = element('ul', { class: 'chips', 'aria-label': 'Goes along' });
  const hint = element('p', { class: 'hint', id: 'pi-hint', role: 'status' });
  const main = iconButton('send', 'Send', () => act(running ? 'stop' : 'send'));
  main.classList.add('main-action');
  const add = iconButton('mention', 'Add a file (type @, or hold Shift and drop it here)', () => insert('@'));
  const question = element('button', { type: 'button', class: 'question-waits button primary' });
  question.addEventListener('click', answerQuestion);
  question.hidden = true;
  const tools = element('div', { class: 'tools' }, add, iconButton('question', 'Keys', openHelp), hint, main);
  const box = element('div', { class: 'box' }, chips, field, tools);
  const root = element('section', { class: 'composer', 'aria-label': 'Prompt' }, question, list.element, box);
  const fit = growWithText(field);
  const draft = draftKeeper(field, (text) => host.post({ type: 'draft', text }));
  let state: ViewState | undefined;
  let running = false;
  let trigger: Trigger | undefined;

  const restore = (text: string) => {
    setText(text, 'replace');
    draft.known();
  };

  const setText = (text: string, how: 'replace' | 'append') => {
    field.value = how === 'append' && field.value.trim() !== '' ? `${field.value.trimEnd()}\n${text}` : text;
    field.setSelectionRange(field.value.length, field.value.length);
    changed();
  };

  const changed = () => {
    fit();
    draft.changed();
    complete();
    drawMain();
  };

  const complete = () => {
    const before = trigger;
    trigger = triggerAt(field.value, field.selectionStart);
    if (!trigger) return list.close();
    if (trigger.kind === 'command') return list.show(commandsFor(trigger.query).map(commandSuggestion));
    if (before?.kind !== 'file') list.close();
    if (before?.query !== trigger.query || before.kind !== 'file')
      host.post({ type: 'complete', query: trigger.query });
  };

  const commandSuggestion = ({ name, about }: { name: string; about: string }): Suggestion => ({
    label: name,
    detail: about,
    take: () => {
      replaceTrigger(name);
      list.close();
    },
  });

  const fileSuggestion = ({ uri, label, detail }: Completion): Suggestion => ({
    label,
    detail,
    take: () => {
      replaceTrigger('');
      list.close();
      host.post({ type: 'attach', uris: [uri] });
    },
  });

  // By the browser's own editing, so that undo takes it back.
  const replaceTrigger = (text: string) => {
    if (!trigger) return;
    field.focus();
    field.setSelectionRange(trigger.from, trigger.to);
    document.execCommand(text === '' ? 'delete' : 'insertText', false, text);
  };

  const insert = (text: string) => {
    field.focus();
    document.execCommand('insertText', false, text);
  };

  const send = () => {
    if (running || field.value.trim() === '') return;
    const prompt = field.value;
    host.post({ type: 'send', prompt });
    setText('', 'replace');
    tell('');
  };

  const recall = () => {
    const last = state?.turns.at(-1)?.prompt;
    if (last) setText(last, 'replace');
  };

  const removeChip = () => {
    const last = state?.chips.at(-1);
    if (last) host.post({ type: 'detach', chipId: last.id });
  };

  const ACTIONS: Readonly<Record<Exclude<PromptAction, 'none'>, () => void>> = {
    send,
    stop: () => host.post({ type: 'stop' }),
    recall,
    removeChip,
    nextItem: () => list.move(1),
    previousItem: () => list.move(-1),
    takeItem: list.take,
    closeList: list.close,
  };

  const act = (action: PromptAction) => {
    if (action !== 'none') ACTIONS[action]();
  };

  const promptState = () => ({
    text: field.value,
    from: field.selectionStart,
    to: field.selectionEnd,
    running,
    sendWith: host.sendWith(),
    chips: state?.chips.length ?? 0,
    list: { length: list.length, exact: commandsFor('').some(({ name }) => name === field.value) },
  });

  // What is done here is not for the keys of the window, of which Escape would stop the answer too.
  field.addEventListener('keydown', (event) => {
    const action = promptAction(event, promptState());
    if (action === 'none' || (action === 'recall' && !state?.turns.length)) return;
    event.preventDefault();
    event.stopPropagation();
    act(action);
  });
  field.addEventListener('input', changed);
  field.addEventListener('blur', list.close);

  const tell = (text: string) => {
    hint.textContent = text;
  };

  const takePictures = async (files: readonly File[]) => {
    for (const file of files) {
      const picture = await pictureFrom(file);
      if (typeof picture === 'string') tell(picture);
      else host.post({ type: 'attachImage', name: file.name || 'Picture', picture });
    }
  };

  const take = (data: DataTransfer): boolean => {
    const { uris, pictures, text, unknown } = droppedFrom(data);
    if (uris.length > 0) host.post({ type: 'attach', uris });
    if (pictures.length > 0) void takePictures(pictures);
    if (unknown.length > 0) tell(`${unknown.join(', ')}: drop it from VS Code's explorer`);
    if (text) insert(text);
    return uris.length + pictures.length + unknown.length > 0 || text !== '';
  };

  field.addEventListener('paste', (event) => {
    const { clipboardData } = event;
    if (!clipboardData || clipboardData.files.length === 0 || clipboardData.getData('text/plain') !== '')
      return;
    event.preventDefault();
    take(clipboardData);
  });
  listenToDrops(root, take);

  const drawMain = () => {
    const label = running ? 'Stop (Esc)' : 'Send';
    if (main.title !== label) {
      main.title = label;
      main.setAttribute('aria-label', running ? 'Stop' : 'Send');
      main.replaceChildren(icon(running ? 'stop' : 'send'));
    }
    // Not disabled: a button that goes away under the focus would take it along.
    main.setAttribute('aria-disabled', String(!running && field.value.trim() === ''));
  };

  const update = (next: ViewState) => {
    const before = state;
    state = next;
    running = runningTurn(next) !== undefined;
    if (next.chips !== before?.chips)
      setChildren(
        chips,
        next.chips.map((chip) => chipView(host, chip)),
      );
    chips.hidden = next.chips.length === 0;
    if (
      next.completions !== before?.completions &&
      trigger?.kind === 'file' &&
      trigger.query === next.completions.query
    )
      list.show(next.completions.items.map(fileSuggestion));
    field.placeholder = placeholder(next);
    question.hidden = next.approvals.length === 0;
    question.textContent = next.approvals[0] ? `May ${next.approvals[0].tool} do this? Answer` : '';
    drawMain();
  };

  return { element: root, update, setText, restore, focus: () => field.focus() };
}

function placeholder(state: ViewState): string {
  return state.turns.length === 0 ? 'Ask something; @ adds files, / shows commands' : 'Ask on; @ adds files';
}

const CHIP_ICONS: Readonly<Record<Chip['kind'], IconName>> = {
  file: 'file',
  selection: 'selection',
  diagnostics: 'warning',
  image: 'picture',
};

function chipView(host: Host, chip: Chip): HTMLElement {
  const detach: FromView = { type: 'detach', chipId: chip.id };
  const remove = iconButton('close', `Remove ${chip.label}`, () => {
    host.post(detach);
    host.focusPrompt();
  });
  const label = element('span', { class: 'chip-label' }, chip.label);
  return element('li', { class: 'chip', title: chip.detail }, icon(CHIP_ICONS[chip.kind]), label, remove);
}

// Text that is dragged within the field moves as ever; nothing that is dropped beside it may replace the page.
function listenToDrops(root: HTMLElement, take: (data: DataTransfer) => boolean): void {
  const isOwn = ({ target, dataTransfer }: DragEvent) =>
    target instanceof HTMLTextAreaElement && !carriesFiles(dataTransfer?.types ?? []);
  const accept = (event: DragEvent) => {
    if (isOwn(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    root.classList.add('dropping');
  };
  const leave = () => root.classList.remove('dropping');
  document.addEventListener('dragenter', accept);
  document.addEventListener('dragover', accept);
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) leave();
  });
  document.addEventListener('drop', (event) => {
    leave();
    if (isOwn(event)) return;
    event.preventDefault();
    if (event.dataTransfer) take(event.dataTransfer);
  });
}
