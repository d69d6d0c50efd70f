// Whether a file lies in one of these folders, wherever links lead. In: absolute paths. Out: an answer.
// Never here: a folder that is trusted by its name alone; a link in it may lead anywhere.
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';

/** False for what is not there. */
export async function liesReallyIn(file: string, folders: readonly string[]): Promise<boolean> {
  const place = await real(file);
  const roots = await Promise.all(folders.map(real));
  return place !== undefined && roots.some((root) => root !== undefined && isBelow(root, place));
}

/** By their names; the folder itself is not in it. */
export function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function real(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}
