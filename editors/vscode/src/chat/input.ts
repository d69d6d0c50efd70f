// What stands in the prompt of a chat and what goes along with it, the same in every view that shows the chat.
// In: what a person does, what is given back. Out: messages to the views. Never here: asking it.
import { type Attachment, chipOf, merged } from './attachments.ts';
import { appended, type DraftChange } from './drafts.ts';
import type { ToView } from './messages.ts';
import type { Beginning, Viewer } from './world.ts';

export class Input {
  readonly #post: (message: ToView, except?: Viewer) => void;
  readonly #changed: () => void;
  #text: string;
  #attachments: readonly Attachment[];

  constructor(
    { draft = '', pieces = [] }: Pick<Beginning, 'draft' | 'pieces'>,
    post: (message: ToView, except?: Viewer) => void,
    changed: () => void,
  ) {
    this.#text = draft;
    this.#attachments = pieces;
    this.#post = post;
    this.#changed = changed;
  }

  get text(): string {
    return this.#text;
  }

  get attachments(): readonly Attachment[] {
    return this.#attachments;
  }

  /** In that view; the others follow. */
  typed(text: string, by?: Viewer): void {
    if (text === this.#text) return;
    this.#tell({ how: 'follow', text, over: this.#text }, by);
    this.#become(text);
  }

  /** After what stands there, unless it stands there already. */
  append(text: string): void {
    if (text === '' || text === this.#text) return;
    this.#tell({ how: 'append', text });
    this.#become(appended(this.#text, text));
  }

  attach(added: readonly Attachment[]): void {
    this.setAttachments(merged(this.#attachments, added));
  }

  detach(id: string): void {
    this.setAttachments(this.#attachments.filter((one) => one.id !== id));
  }

  setAttachments(attachments: readonly Attachment[]): void {
    if (attachments === this.#attachments) return;
    this.#attachments = attachments;
    this.#post({ type: 'chips', chips: attachments.map(chipOf) });
    this.#changed();
  }

  #tell(change: DraftChange, except?: Viewer): void {
    this.#post({ type: 'draft', ...change }, except);
  }

  #become(text: string): void {
    this.#text = text;
    this.#changed();
  }
}
