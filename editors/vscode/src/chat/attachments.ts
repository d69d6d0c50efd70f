// What goes along with the next prompt, and how it is shown. Pure.
// A piece of a file keeps its place, not its text: what is sent is what stands there then. Never here: reading it.
import type { ContextItem, Range } from '../protocol.ts';
import type { Chip } from './messages.ts';
import { lastLine } from './ranges.ts';
import type { Picture } from './transcript.ts';

export type Attachment = Piece | Image;

export interface Piece {
  readonly id: string;
  readonly kind: 'file' | 'selection' | 'diagnostics';
  readonly label: string;
  readonly detail: string;
  readonly uri: string;
  readonly range?: Range;
  /** What is sent instead of what stands in the file */
  readonly text?: string;
}

export interface Image {
  readonly id: string;
  readonly kind: 'image';
  readonly label: string;
  readonly detail: string;
  readonly picture: Picture;
}

/** What a turn was sent with, so that it can be sent again */
export interface Sent {
  readonly labels: readonly string[];
  readonly context: readonly ContextItem[];
  readonly images: readonly Picture[];
  /** The chips that it was made of, to be given back when it could not be sent */
  readonly attachments: readonly Attachment[];
}

export const NOTHING_SENT: Sent = { labels: [], context: [], images: [], attachments: [] };

/** `item`: a piece as it stands now. */
export function sentOf(attachments: readonly Attachment[], item: (piece: Piece) => ContextItem): Sent {
  const pieces = attachments.filter((one) => one.kind !== 'image');
  const images = attachments.filter((one) => one.kind === 'image');
  return {
    labels: pieces.map(({ label }) => label),
    context: pieces.map(item),
    images: images.map(({ picture }) => picture),
    attachments,
  };
}

/** With the pieces that are not there yet. */
export function withPieces(sent: Sent, pieces: readonly Piece[], item: (piece: Piece) => ContextItem): Sent {
  const fresh = pieces.filter((piece) => !sent.context.some((one) => isSamePlace(one, piece)));
  if (!fresh.length) return sent;
  const labels = [...sent.labels, ...fresh.map(({ label }) => label)];
  return { ...sent, labels, context: [...sent.context, ...fresh.map(item)] };
}

/** What outlives the window, and the labels of the rest: pictures and the text of problems are no places. */
export function placesOf(attachments: readonly Attachment[]) {
  const isPlace = (one: Attachment): one is Piece => one.kind === 'file' || one.kind === 'selection';
  return {
    pieces: attachments.filter(isPlace),
    lost: attachments.filter((one) => !isPlace(one)).map(({ label }) => label),
  };
}

export function chipOf({ id, kind, label, detail }: Attachment): Chip {
  return { id, kind, label, detail };
}

/** With these added; what is there already is not there twice. */
export function merged(there: readonly Attachment[], added: readonly Attachment[]): readonly Attachment[] {
  const fresh = added.filter((one) => !there.some((other) => isSame(one, other)));
  return fresh.length ? [...there, ...fresh] : there;
}

/** `path:10-20`, counted from 1. */
export function placeName(path: string, range: Range | undefined): string {
  if (!range) return path;
  const [first, last] = [range.start.line + 1, lastLine(range) + 1];
  return first === last ? `${path}:${first}` : `${path}:${first}-${last}`;
}

function isSame(one: Attachment, other: Attachment): boolean {
  if (one.kind === 'image' || other.kind === 'image') {
    return one.kind === 'image' && other.kind === 'image' && one.picture.data === other.picture.data;
  }
  return (
    one.kind === other.kind &&
    one.uri === other.uri &&
    one.text === other.text &&
    JSON.stringify(one.range) === JSON.stringify(other.range)
  );
}

function isSamePlace(item: ContextItem, piece: Piece): boolean {
  return item.uri === piece.uri && JSON.stringify(item.range) === JSON.stringify(piece.range);
}
