// Files, text and pictures that are dropped or pasted. In: a DataTransfer. Out: what is in it.
// VS Code keeps drags to itself while they pass over a webview; only with Shift held do they come here.

import { urisOf } from './uris.ts';

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
