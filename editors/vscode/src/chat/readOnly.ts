// Whether a document may be changed. In: the document, the person's settings. Out: yes or no. An edit of a program's
// passes over what the editor forbids the person, so it is asked here first.
// What a person set read-only for the session alone, VS Code does not tell.
import { access, constants } from 'node:fs/promises';
import { FilePermission, languages, type TextDocument, workspace } from 'vscode';

export async function isReadOnly(document: TextDocument): Promise<boolean> {
  const { uri } = document;
  if (uri.scheme === 'untitled') return false;
  if (workspace.fs.isWritableFileSystem(uri.scheme) === false || isSetSo(document)) return true;
  const stat = await workspace.fs.stat(uri).then(undefined, () => undefined);
  if (stat?.permissions === FilePermission.Readonly) return true;
  const byPermissions = workspace.getConfiguration('files', uri).get('readonlyFromPermissions', false);
  return byPermissions && uri.scheme === 'file' && !(await isWritable(uri.fsPath));
}

function isSetSo(document: TextDocument): boolean {
  return isListed(document, 'readonlyInclude') && !isListed(document, 'readonlyExclude');
}

function isListed(document: TextDocument, name: string): boolean {
  const globs = workspace.getConfiguration('files', document.uri).get<Record<string, unknown>>(name, {});
  return Object.keys(globs).some(
    (pattern) => globs[pattern] === true && languages.match({ pattern }, document) > 0,
  );
}

async function isWritable(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
