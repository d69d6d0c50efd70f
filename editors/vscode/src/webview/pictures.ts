// Pictures: shown from what is here already, and taken from the clipboard or a drop.
// In: base64 or a file. Out: an element; a picture small enough to be sent, or why it is not. Never here: an address.
import type { Picture } from '../chat/transcript.ts';
import { element } from './dom.ts';
import { isInlinePicture } from './links.ts';
import { LARGEST_BYTES, pictureProblem, scaleFor } from './pictureRules.ts';

export function pictureOf(picture: Picture, index: number): HTMLElement {
  const src = `data:${picture.mimeType};base64,${picture.data}`;
  if (!isInlinePicture(src))
    return element('p', { class: 'hint' }, `A picture of the kind ${picture.mimeType}`);
  return element('img', { src, alt: `Picture ${index + 1}` });
}

/** The file as it can be sent, made smaller where it must be; a sentence when it cannot. */
export async function pictureFrom(file: File): Promise<Picture | string> {
  const problem = pictureProblem(file);
  if (problem) return problem;
  const unread = () => undefined;
  if (file.size <= LARGEST_BYTES) {
    const data = await base64(file).catch(unread);
    return data === undefined ? `${file.name} could not be read` : { mimeType: file.type, data };
  }
  const smaller = await smallerPicture(file).catch(unread);
  return smaller ?? `${file.name} is too large to be sent, and could not be made smaller`;
}

async function smallerPicture(file: File): Promise<Picture | undefined> {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (!bitmap) return undefined;
  const scale = scaleFor(bitmap.width, bitmap.height);
  const canvas = element('canvas');
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const context = canvas.getContext('2d');
  if (!context) return undefined;
  // JPEG knows no transparency; what was clear would become black.
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.85));
  return blob && blob.size <= LARGEST_BYTES ? { mimeType: blob.type, data: await base64(blob) } : undefined;
}

function base64(blob: Blob): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}
