// Code of an answer, brought to the person's files: copied, inserted, or compared with what it would replace.
// In: a code block, the chat that it stands in. Out: text in an editor, each change one undo step and not saved.
// Never here: a file written to disk; a change that nobody saw, beyond the insertion that was asked for.
import {
  FilePermission,
  Range,
  type TextDocument,
  type TextEditor,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import type { Diffs } from './diffs.ts';
import { proposed } from './proposal.ts';
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
  if (!used) return void window.showWarningMessage(NO_EDITOR);
  const editor = await window.showTextDocument(used.document, {
    ...(used.viewColumn !== undefined && { viewColumn: used.viewColumn }),
  });
  const code = text.replace(/\n$/, '');
  const done = await editor.edit((edit) => {
    for (const selection of editor.selections) edit.replace(selection, code);
  });
  if (!done)
    void window.showWarningMessage(`pi: ${nameOf(editor.document)} cannot be changed; nothing was inserted`);
}

/** Beside the lines that the chat was asked about, else those selected, else the whole file. */
export async function applyCode(
  bench: Bench,
  session: { readonly key: string },
  text: string,
): Promise<void> {
  const target = await targetOf(bench.work, session.key);
  if (!target) return void window.showWarningMessage(NO_EDITOR);
  await compare(bench, target, text);
}

async function compare(bench: Bench, { document, range }: Target, code: string): Promise<void> {
  const before = document.getText();
  const { from, to, replacement, text } = proposed(before, range && rangeOf(range), code);
  const name = nameOf(document);
  if (text === before) return void window.showInformationMessage(`pi: ${name} has this text already`);
  const mark = `proposal ${document.uri.toString()} ${Date.now()}`;
  if (range) bench.work.mark(mark, { uri: document.uri.toString(), range: rangeOf(range) });
  const again = () => compare(bench, withRange(document, bench.work.markOf(mark)?.range), code);
  const id = await bench.diffs.show(
    document.uri,
    { path: document.uri.path, text },
    `${name} ↔ proposed by pi`,
    {
      accept: async () => {
        const problem = await replace(document, before, [from, to], replacement);
        if (problem === null) return finish('pi: Applied; undo takes it back');
        const choice = await window.showWarningMessage(
          problem.text,
          ...(problem.again ? ['Compare Again'] : []),
        );
        if (choice === undefined) return;
        await bench.diffs.close(id);
        await again();
      },
      reject: () => finish(),
    },
  );
  const finish = async (said?: string) => {
    bench.work.unmark(mark);
    await bench.diffs.close(id);
    if (!said) return;
    await window.showTextDocument(document);
    window.setStatusBarMessage(said, 5000);
  };
}

// One edit, as little of the document as can be; the problem when it was not made.
async function replace(
  document: TextDocument,
  before: string,
  [from, to]: readonly [number, number],
  replacement: string,
): Promise<{ text: string; again: boolean } | null> {
  const name = nameOf(document);
  const current = await workspace.openTextDocument(document.uri);
  if (current.getText() !== before) {
    return { text: `pi: ${name} has changed since this was proposed; nothing was applied`, again: true };
  }
  const problem = { text: `pi: ${name} is read-only; nothing was applied`, again: false };
  if (await isReadOnly(document.uri)) return problem;
  const edit = new WorkspaceEdit();
  edit.replace(document.uri, new Range(current.positionAt(from), current.positionAt(to)), replacement);
  return (await workspace.applyEdit(edit)) ? null : problem;
}

async function isReadOnly(uri: Uri): Promise<boolean> {
  if (uri.scheme === 'untitled') return false;
  if (workspace.fs.isWritableFileSystem(uri.scheme) === false) return true;
  const stat = await workspace.fs.stat(uri).then(undefined, () => undefined);
  return stat?.permissions === FilePermission.Readonly;
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
