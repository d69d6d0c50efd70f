// Files, text and pictures that are dropped or pasted. In: a DataTransfer. Out: what is in it.
// VS Code keeps drags to itself while they pass over a webview; only with Shift held do they come here.

export interface Dropped {
  readonly uris: readonly string[];
  readonly pictures: readonly File[];
  readonly text: string;
  /** Files of which only VS Code could tell where they are */
  readonly unknown: readonly string[];
}

export function droppedFrom(data: DataTransfer): Dropped {
  const files = [...data.files];
  const pictures = files.filter((file) => file.type.startsWith('image/'));
  const uris = urisOf((type) => data.getData(type));
  const unknown =
    uris.length > 0 ? [] : files.filter((file) => !pictures.includes(file)).map((file) => file.name);
  const text = uris.length > 0 || files.length > 0 ? '' : data.getData('text/plain');
  // A picture of which one knows where it lies is a picture all the same.
  return { uris: pictures.length > 0 ? [] : uris, pictures, text, unknown };
}

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
