// What goes along with the next prompt: chips, and what is dropped or pasted to become one.
// In: the state; drops and pastes. Out: a list; FromView `attach`, `attachImage` and `detach`. What cannot go along is
// said in a sentence.
import type { Chip } from '../chat/messages.ts';
import { visible } from '../chat/visible.ts';
import { element, iconButton, setChildren } from './dom.ts';
import { droppedFrom } from './drops.ts';
import type { PromptField } from './field.ts';
import type { Host } from './host.ts';
import { type IconName, icon } from './icons.ts';
import { pictureFrom } from './pictures.ts';
import { carriesFiles } from './uris.ts';

export interface Attachments {
  readonly element: HTMLElement;
  readonly length: number;
  /** Whether pictures that were taken are still being read */
  readonly isReading: boolean;
  /** Once they are read and on their way to the extension: whether all of them could be */
  read(): Promise<boolean>;
  update(chips: readonly Chip[]): void;
  removeLast(): void;
}

export function attachments(host: Host, field: PromptField, tell: (text: string) => void): Attachments {
  const list = element('ul', { class: 'chips', 'aria-label': 'Goes along' });
  list.hidden = true;
  let chips: readonly Chip[] = [];

  let reading = Promise.resolve(true);
  let isReading = false;

  const takePicture = async (file: File): Promise<boolean> => {
    const picture = await pictureFrom(file);
    if (typeof picture === 'string') tell(picture);
    else host.post({ type: 'attachImage', name: file.name || 'Picture', picture });
    return typeof picture !== 'string';
  };

  const takePictures = (files: readonly File[]) => {
    if (files.length === 0) return;
    const earlier = isReading ? reading : Promise.resolve(true);
    const taken = earlier.then(async (before) => {
      let all = before;
      for (const file of files) all = (await takePicture(file)) && all;
      return all;
    });
    reading = taken;
    isReading = true;
    void taken.then(() => {
      if (reading === taken) isReading = false;
    });
  };

  const take = (data: DataTransfer) => {
    const { uris, pictures, text, unknown } = droppedFrom(data);
    tell(unknown.length > 0 ? `${unknown.join(', ')}: drop it from VS Code's explorer` : '');
    if (uris.length > 0) host.post({ type: 'attach', uris });
    if (text) field.insert(text);
    takePictures(pictures);
  };

  const update = (next: readonly Chip[]) => {
    if (next === chips) return;
    chips = next;
    list.hidden = chips.length === 0;
    setChildren(
      list,
      chips.map((chip) => chipView(host, chip)),
    );
  };

  const removeLast = () => {
    const last = chips.at(-1);
    if (last) host.post({ type: 'detach', chipId: last.id });
  };

  // Text that a picture was copied along with is what is meant.
  field.element.addEventListener('paste', (event) => {
    const data = event.clipboardData;
    if (!data || data.files.length === 0 || data.getData('text/plain') !== '') return;
    event.preventDefault();
    take(data);
  });
  listenToDrops(take);

  return {
    element: list,
    get length() {
      return chips.length;
    },
    get isReading() {
      return isReading;
    },
    read: () => reading,
    update,
    removeLast,
  };
}

const CHIP_ICONS: Readonly<Record<Chip['kind'], IconName>> = {
  file: 'file',
  selection: 'selection',
  diagnostics: 'warning',
  image: 'picture',
};

function chipView(host: Host, chip: Chip): HTMLElement {
  const name = visible(chip.label);
  const remove = iconButton('close', `Remove ${name}`, () => {
    host.post({ type: 'detach', chipId: chip.id });
    host.focusPrompt();
  });
  const label = element('span', { class: 'chip-label' }, name);
  return element(
    'li',
    { class: 'chip', title: visible(chip.detail) },
    icon(CHIP_ICONS[chip.kind]),
    label,
    remove,
  );
}

// Text that is dragged within the field moves as ever; nothing that is dropped beside it may replace the page.
function listenToDrops(take: (data: DataTransfer) => void): void {
  const { classList } = document.documentElement;
  const isOwn = ({ target, dataTransfer }: DragEvent) =>
    target instanceof HTMLTextAreaElement && !carriesFiles(dataTransfer?.types ?? []);
  const accept = (event: DragEvent) => {
    if (isOwn(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    classList.add('dropping');
  };
  document.addEventListener('dragenter', accept);
  document.addEventListener('dragover', accept);
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) classList.remove('dropping');
  });
  document.addEventListener('drop', (event) => {
    classList.remove('dropping');
    if (isOwn(event)) return;
    event.preventDefault();
    if (event.dataTransfer) take(event.dataTransfer);
  });
}
