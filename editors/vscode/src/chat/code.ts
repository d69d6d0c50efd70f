// Code of an answer, brought to the person's files: copied, inserted, or compared with what it would replace.
// In: a code block, the chat that it stands in. Out: text in an editor, each change one undo step and not saved.
// Never here: a file written to disk; a change that nobody saw, beyond the insertion that was asked for.
import { randomUUID } from 'node:crypto';
import { Range, type TextDocument, type TextEditor, Uri, WorkspaceEdit, window, workspace } from 'vscode';
import { sayInfo, sayWarning } from '../say.ts';
import type { Diffs } from './diffs.ts';
import { tellFailure } from './manage.ts';
import { type Proposal, proposed } from './proposal.ts';
import { isReadOnly } from './readOnly.ts';
import { type Refusal, type Taker, takeOver } from './takeOver.ts';
import { editorRangeOf, rangeOf, type Work } from './work.ts';

export interface Bench {
  readonly work: Work;
  readonly diffs: Diffs;
}

interface Target {
  readonly document: TextDocument;
  readonly range?: Range;
}

const NO_EDITOR = 'pi: There is no editor to put it into; open a file first';

/** At the cursor of the editor used last, instead of what is selected there. */
export async function insertCode({ work }: Bench, text: string): Promise<void> {
  const used = work.editor;
  if (!used) return void sayWarning(NO_EDITOR);
  const { document, viewColumn } = used;
  const editor = await window.showTextDocument(document, viewColumn === undefined ? {} : { viewColumn });
  const code = text.replace(/\n$/, '');
  const inserted =
    !(await isReadOnly(document)) &&
    (await editor.edit((edit) => {
      for (const selection of editor.selections) edit.replace(selection, code);
    }));
  if (!inserted) void sayWarning(`pi: ${nameOf(document)} is read-only; nothing was inserted`);
}

/** Beside the lines that the chat was asked about, else those selected, else the whole file. */
export async function applyCode(
  bench: Bench,
  session: { readonly key: string },
  text: string,
): Promise<void> {
  const target = await targetOf(bench.work, session.key);
  if (!target) return void sayWarning(NO_EDITOR);
  await compare(bench, target, text);
}

async function compare(bench: Bench, { document, range }: Target, code: string): Promise<void> {
  const before = document.getText();
  const proposal = proposed(before, range && rangeOf(range), code);
  const name = nameOf(document);
  if (proposal.text === before) return say(`${name} has this text already`);
  const mark = `proposal ${randomUUID()}`;
  if (range) bench.work.mark(mark, { uri: document.uri.toString(), range: rangeOf(range) });
  const close = async () => {
    bench.work.unmark(mark);
    await bench.diffs.close(id);
  };
  const again = async () => {
    const now = bench.work.markOf(mark)?.range;
    await close();
    if (range && !now) return say(`The lines of ${name} that this was for are gone`);
    await compare(bench, withRange(document, now), code);
  };
  const accept = async () => {
    const refusal = await takeOver(takerOf(document, proposal), before);
    // The decision is over with that: what is said may stand there for long, and the tab waits for the next one.
    if (refusal) return void refuse(refusal, again);
    await close();
    await window.showTextDocument(document);
    window.setStatusBarMessage('pi: Applied; undo takes it back', 5000);
  };
  const after = { path: document.uri.path, text: proposal.text };
  const title = `${name} ↔ proposed by pi`;
  const { id, opened } = bench.diffs.show(document.uri, after, title, { accept, reject: close });
  await opened;
}

async function refuse({ text, again }: Refusal, compareAgain: () => Promise<void>): Promise<void> {
  const choice = await sayWarning(`pi: ${text}`, ...(again ? ['Compare Again'] : []));
  if (choice !== undefined) await compareAgain().catch(tellFailure);
}

// One edit, as little of the document as can be.
function takerOf(document: TextDocument, { from, to, replacement }: Proposal): Taker {
  const { uri } = document;
  return {
    name: nameOf(document),
    isReadOnly: () => isReadOnly(document),
    read: async () => {
      const current = await workspace.openTextDocument(uri);
      const edit = new WorkspaceEdit();
      edit.replace(uri, new Range(current.positionAt(from), current.positionAt(to)), replacement);
      return { text: current.getText(), edit: () => workspace.applyEdit(edit) };
    },
  };
}

async function targetOf(work: Work, key: string): Promise<Target | undefined> {
  const mark = work.markOf(key);
  const document = mark && (await opened(mark.uri));
  if (mark && document) return withRange(document, mark.range);
  const editor = work.editor;
  return editor && { document: editor.document, ...selected(editor) };
}

function selected({ selection }: TextEditor): { range: Range } | undefined {
  return selection.isEmpty ? undefined : { range: new Range(selection.start, selection.end) };
}

function withRange(document: TextDocument, range: Parameters<typeof editorRangeOf>[0] | undefined): Target {
  return { document, ...(range && { range: document.validateRange(editorRangeOf(range)) }) };
}

async function opened(uri: string): Promise<TextDocument | undefined> {
  try {
    return await workspace.openTextDocument(Uri.parse(uri, true));
  } catch {
    return undefined;
  }
}

function nameOf(document: TextDocument): string {
  return workspace.asRelativePath(document.uri);
}

function say(text: string): void {
  void sayInfo(`pi: ${text}`);
}
