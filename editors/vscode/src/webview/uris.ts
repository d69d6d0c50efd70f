// The files that a drag carries, as VS Code's explorer, tabs and trees hand them over. Pure.
// In: the types of a drag, and what they hold. Out: whole URIs.

/** Told by the types alone: what they hold is readable only once it is dropped. */
export function carriesFiles(types: readonly string[]): boolean {
  return types.some((type) => FILE_TYPES.has(type.toLowerCase()));
}

const FILE_TYPES = new Set(['files', 'application/vnd.code.uri-list', 'resourceurls', 'codefiles']);

/** Whole URIs, in the order and the form in which VS Code's explorer, tabs and trees hand them over */
export function urisOf(read: (type: string) => string): readonly string[] {
  const found = [
    () => lines(read('application/vnd.code.uri-list')),
    () => strings(read('resourceurls')),
    () => strings(read('codefiles')).map((path) => `file://${encodeURI(path)}`),
    () => lines(read('text/uri-list')).filter((uri) => !/^https?:/i.test(uri)),
  ];
  for (const uris of found) {
    const list = uris();
    if (list.length > 0) return [...new Set(list)];
  }
  return [];
}

function lines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => /^[a-z][a-z0-9+.-]*:\S+$/i.test(line));
}

function strings(json: string): string[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
