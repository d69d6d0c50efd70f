// The diff of a tool call in VS Code's diff editor: what is to be changed, or what was. In: a unified diff, the folder
// that its names are relative to. Out: a tab with the file and what it becomes; the diff itself where it fits no file.
// Never here: a file that is written.
import { resolve } from 'node:path';
import { Uri, window, workspace } from 'vscode';
import type { Decision } from './decisions.ts';
import type { Diffs, Side } from './diffs.ts';
import { applied, type FileDiff, parsed, reversed } from './unified.ts';
import { openDocument } from './work.ts';

type Sides = readonly [Uri | Side, Uri | Side];

/** `decision` is offered above the diff while the question waits. The name to close it by, if it can be closed. */
export async function previewDiff(
  diffs: Diffs,
  diff: string,
  options: { title: string; cwd: string | undefined; decision?: Decision },
): Promise<string | undefined> {
  const files = parsed(diff);
  const pairs = await Promise.all(files.map((file) => sidesOf(file, options.cwd)));
  const fitting = pairs.filter((pair) => pair !== undefined);
  const [first] = fitting;
  if (!first || fitting.length < files.length) return void (await showText(diff));
  if (fitting.length > 1) return void (await diffs.showMany(fitting, options.title));
  const { id, opened } = diffs.show(...first, options.title, options.decision);
  await opened;
  return id;
}

// Before the change where the file is as it was; after it where the change has been made already.
async function sidesOf(file: FileDiff, cwd: string | undefined): Promise<Sides | undefined> {
  const path = resolve(cwd ?? '/', file.after ?? file.before ?? '');
  const uri = Uri.file(path);
  const text = await textOf(uri);
  const after = applied(text ?? '', file);
  if (after !== null && (text !== undefined || file.before === null)) {
    return [text === undefined ? { path, text: '' } : uri, { path, text: after }];
  }
  const before = text === undefined ? null : applied(text, reversed(file));
  return before === null ? undefined : [{ path, text: before }, uri];
}

async function textOf(uri: Uri): Promise<string | undefined> {
  const document = openDocument(uri.toString());
  if (document) return document.getText();
  try {
    return new TextDecoder().decode(await workspace.fs.readFile(uri));
  } catch {
    return undefined;
  }
}

async function showText(diff: string): Promise<void> {
  const document = await workspace.openTextDocument({ language: 'diff', content: diff });
  await window.showTextDocument(document, { preview: true });
}
