// What a person attaches, made into pieces: files, selections, problems, images. In: URIs, editors. Out: attachments,
// and a sentence for each that is refused. What is attached is looked at now, so that it is refused here and not at
// the end of a long prompt. Never here: the text of a file; the server reads that, unless it stands unsaved in an
// editor.
import { randomUUID } from 'node:crypto';
import {
  type Diagnostic,
  DiagnosticSeverity,
  type Range as EditorRange,
  FileType,
  languages,
  type TextDocument,
  Uri,
  workspace,
} from 'vscode';
import type { ContextItem, Range } from '../protocol.ts';
import { type Attachment, type Image, type Piece, placeName } from './attachments.ts';
import { plural } from './numbers.ts';
import { editorRangeOf, openDocument, rangeOf } from './work.ts';

export interface Attached {
  readonly attachments: readonly Attachment[];
  readonly refusals: readonly string[];
}

/** Bytes of a file, and characters of a piece, as much as the server takes */
const TEXT_LIMIT = 1024 * 1024;
const IMAGE_LIMIT = 5 * 1024 * 1024;
const PROBLEMS = 100;
const IMAGES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};

/** Thrown where something cannot be attached; the message is for the person. */
class Refusal extends Error {}

export async function attachmentsOf(uris: readonly Uri[]): Promise<Attached> {
  const results = await Promise.allSettled(uris.map(attachmentOf));
  return {
    attachments: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    refusals: results.flatMap((result) =>
      result.status === 'rejected' ? [String(result.reason.message)] : [],
    ),
  };
}

/** What a webview or another program calls a file; undefined for what is no URI. */
export function uriOf(text: string): Uri | undefined {
  try {
    const uri = Uri.parse(text, true);
    // The extension runs where the files are, so they are files here.
    return uri.scheme === 'vscode-remote' ? Uri.file(uri.path) : uri;
  } catch {
    return undefined;
  }
}

export function pieceOfRange(document: TextDocument, range: EditorRange): Piece {
  const uri = document.uri;
  const place = rangeOf(range);
  const label = placeName(workspace.asRelativePath(uri), place);
  return {
    id: randomUUID(),
    kind: 'selection',
    label,
    detail: uri.fsPath,
    uri: uri.toString(),
    range: place,
  };
}

/** Where it is after an edit; the same object where that changed nothing. */
export function movedPiece(piece: Piece, move: (range: Range) => Range): Piece {
  const range = piece.range && move(piece.range);
  if (!range || JSON.stringify(range) === JSON.stringify(piece.range)) return piece;
  return { ...piece, range, label: placeName(workspace.asRelativePath(Uri.parse(piece.uri)), range) };
}

/** The problems of a file, or those of a part of it; undefined when there are none. */
export function pieceOfProblems(uri: Uri, problems = languages.getDiagnostics(uri)): Piece | undefined {
  if (!problems.length) return undefined;
  const sorted = [...problems].sort((one, other) => one.range.start.compareTo(other.range.start));
  const more = sorted.length > PROBLEMS ? [`and ${sorted.length - PROBLEMS} more`] : [];
  return {
    id: randomUUID(),
    kind: 'diagnostics',
    label: `problems of ${workspace.asRelativePath(uri)}`,
    detail: plural(problems.length, 'problem'),
    uri: uri.toString(),
    text: [...sorted.slice(0, PROBLEMS).map(problemLine), ...more].join('\n'),
  };
}

export function imageOf(name: string, picture: Image['picture']): Image {
  const bytes = Math.floor((picture.data.length * 3) / 4);
  if (bytes > IMAGE_LIMIT) throw new Refusal(`${name} is larger than 5 MB`);
  if (!Object.values(IMAGES).includes(picture.mimeType)) {
    throw new Refusal(`${name} is no PNG, JPEG, GIF or WebP image`);
  }
  return { id: randomUUID(), kind: 'image', label: name, detail: `${Math.ceil(bytes / 1024)} kB`, picture };
}

/** The piece as it stands now. */
export function itemOf(piece: Piece): ContextItem {
  if (piece.kind === 'diagnostics') return { uri: piece.uri, text: piece.text ?? '', label: 'diagnostics' };
  const range = piece.range && { range: piece.range };
  const document = openDocument(piece.uri);
  if (!document) return { uri: piece.uri, ...range };
  return { uri: piece.uri, ...range, text: document.getText(piece.range && editorRangeOf(piece.range)) };
}

async function attachmentOf(uri: Uri): Promise<Attachment> {
  const name = workspace.asRelativePath(uri);
  const mimeType = IMAGES[/\.(\w+)$/.exec(uri.path)?.[1]?.toLowerCase() ?? ''];
  const document = openDocument(uri.toString());
  if (mimeType) {
    const bytes = await bytesOf(uri, IMAGE_LIMIT, `${name} is larger than 5 MB`);
    return imageOf(name, { mimeType, data: Buffer.from(bytes).toString('base64') });
  }
  const tooLarge = `${name} is too large to attach; select the part that matters and add that`;
  if (document && document.getText().length > TEXT_LIMIT) throw new Refusal(tooLarge);
  if (!document && !isText(await bytesOf(uri, TEXT_LIMIT, tooLarge)))
    throw new Refusal(`${name} is not text in UTF-8`);
  return { id: randomUUID(), kind: 'file', label: name, detail: uri.fsPath, uri: uri.toString() };
}

async function bytesOf(uri: Uri, limit: number, tooLarge: string): Promise<Uint8Array> {
  const name = workspace.asRelativePath(uri);
  if (uri.scheme !== 'file') throw new Refusal(`${name} is no file where this window runs`);
  const stat = await workspace.fs.stat(uri).then(undefined, () => {
    throw new Refusal(`${name} does not exist where this window runs`);
  });
  if (stat.type & FileType.Directory) throw new Refusal(`${name} is a folder; attach files of it`);
  if (!(stat.type & FileType.File)) throw new Refusal(`${name} is not a regular file`);
  if (stat.size > limit) throw new Refusal(tooLarge);
  return workspace.fs.readFile(uri).then(undefined, () => {
    throw new Refusal(`${name} cannot be read`);
  });
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const SEVERITIES: Readonly<Record<DiagnosticSeverity, string>> = {
  [DiagnosticSeverity.Error]: 'error',
  [DiagnosticSeverity.Warning]: 'warning',
  [DiagnosticSeverity.Information]: 'information',
  [DiagnosticSeverity.Hint]: 'hint',
};

function problemLine({ range, severity, message, source }: Diagnostic): string {
  const text = `line ${range.start.line + 1}: ${SEVERITIES[severity]}: ${message.replace(/\s+/g, ' ')}`;
  return source ? `${text} (${source})` : text;
}
