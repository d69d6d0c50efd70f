// Links of an answer, followed. In: a link, the folder of the chat. Out: a browser, or an editor with a file of the
// workspace. Never here: a file outside of it, a scheme other than http, https and mail.
import { isAbsolute, relative, resolve } from 'node:path';
import { env, FileType, Uri, window, workspace } from 'vscode';
import { linkOf } from './links.ts';
import { showDocument } from './work.ts';

export async function follow(href: string, cwd: string | undefined): Promise<void> {
  const link = linkOf(href);
  if (link.type === 'outer') return void (await env.openExternal(Uri.parse(link.url, true)));
  if (link.type === 'none')
    return say(`pi: ${href} is not opened; only web pages and files of the workspace are`);
  for (const uri of candidates(link.path, cwd)) {
    if (await isFile(uri)) return void (await showDocument(uri, link.line));
  }
  say(`pi: There is no file ${link.path} in this workspace`);
}

function candidates(path: string, cwd: string | undefined): Uri[] {
  const folders = (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  const from = [...new Set([...(cwd === undefined ? [] : [cwd]), ...folders])];
  const paths = isAbsolute(path) ? [path] : from.map((folder) => resolve(folder, path));
  return paths.filter((one) => folders.some((folder) => isInside(folder, one))).map((one) => Uri.file(one));
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}

async function isFile(uri: Uri): Promise<boolean> {
  try {
    return ((await workspace.fs.stat(uri)).type & FileType.File) !== 0;
  } catch {
    return false;
  }
}

function say(text: string): void {
  void window.showInformationMessage(text);
}
