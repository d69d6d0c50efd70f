// Links of an answer, followed. In: a link, the folder of the chat. Out: a browser, or an editor with a file of the
// workspace. Never here: a file outside of it, a scheme other than http, https and mail.
import { isAbsolute, resolve } from 'node:path';
import { env, Uri } from 'vscode';
import { sayInfo } from '../say.ts';
import { isFile } from './files.ts';
import { isBelow } from './inside.ts';
import { linkOf } from './links.ts';
import { folderPaths, showDocument } from './work.ts';

export async function follow(href: string, cwd: string | undefined): Promise<void> {
  const link = linkOf(href);
  if (link.type === 'outer') return void (await env.openExternal(Uri.parse(link.url, true)));
  if (link.type === 'none')
    return void sayInfo(`pi: ${href} is not opened; only web pages and files of the workspace are`);
  for (const uri of candidates(link.path, cwd)) {
    if (await isFile(uri)) return void (await showDocument(uri, link.line));
  }
  void sayInfo(`pi: There is no file ${link.path} in this workspace`);
}

function candidates(path: string, cwd: string | undefined): Uri[] {
  const folders = folderPaths();
  const from = [...new Set([...(cwd === undefined ? [] : [cwd]), ...folders])];
  const paths = isAbsolute(path) ? [path] : from.map((folder) => resolve(folder, path));
  return paths.filter((one) => folders.some((folder) => isBelow(folder, one))).map((one) => Uri.file(one));
}
