// Files by name: what `@` offers while one types, and which files a prompt names.
// In: what was typed. Out: files, a few, the likeliest first. A look-up is cancelled by the next one.
// Never here: what the person's settings exclude; the text of a file; a file outside of the workspace that goes along
// because a text names it, which may have been pasted from anywhere.
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import {
  type CancellationToken,
  CancellationTokenSource,
  FileType,
  TabInputText,
  Uri,
  window,
  workspace,
} from 'vscode';
import { type Piece, placeName } from './attachments.ts';
import { liesReallyIn } from './inside.ts';
import { type Mention, mentionsOf } from './mentions.ts';
import type { Completion } from './messages.ts';
import { type Candidate, ranked } from './ranking.ts';
import { folderPaths, isWork } from './work.ts';
import type { Named } from './world.ts';

const OFFERED = 50;
const LISTED = 5000;
const FRESH_MS = 10_000;

export class Completions {
  #looking: CancellationTokenSource | undefined;
  #listed: { readonly at: number; readonly uris: readonly Uri[] } = { at: 0, uris: [] };

  /** undefined when another one was asked for in the meantime. */
  async find(query: string): Promise<Completion[] | undefined> {
    this.#looking?.cancel();
    const looking = new CancellationTokenSource();
    this.#looking = looking;
    const outer = await outerFile(query);
    const open = openUris().map((uri) => candidateOf(uri, true));
    const files = (await this.#files(query, looking.token)).map((uri) => candidateOf(uri, false));
    looking.dispose();
    if (looking.token.isCancellationRequested) return undefined;
    return [...outer, ...ranked(query, [...open, ...files], OFFERED)].map(completionOf);
  }

  // All files of a folder that is not large, else those that fit.
  async #files(query: string, token: CancellationToken): Promise<readonly Uri[]> {
    if (Date.now() - this.#listed.at > FRESH_MS) {
      const uris = await workspace.findFiles('**/*', excluded(), LISTED, token);
      if (token.isCancellationRequested) return [];
      this.#listed = { at: Date.now(), uris };
    }
    const { uris } = this.#listed;
    if (uris.length < LISTED || !query) return uris;
    return [...uris, ...(await workspace.findFiles(globOf(query), excluded(), LISTED, token))];
  }
}

/** The files that a prompt names, as `@path` or `@path:10-20`; a word that names none is text like any other. */
export async function namedIn(prompt: string, cwd: string | undefined): Promise<Named> {
  const found = await Promise.all(mentionsOf(prompt).map((choices) => firstFile(choices, cwd)));
  const files = found.filter((one) => one !== undefined);
  return {
    pieces: files.flatMap(({ piece, inside }) => (inside ? [piece] : [])),
    outside: files.flatMap(({ piece, inside }) => (inside ? [] : [piece.detail])),
  };
}

interface Found {
  readonly piece: Piece;
  readonly inside: boolean;
}

async function firstFile(choices: readonly Mention[], cwd: string | undefined): Promise<Found | undefined> {
  for (const mention of choices) {
    const path = fromHome(mention.path);
    if (!isAbsolute(path) && cwd === undefined) continue;
    const uri = Uri.file(resolve(cwd ?? '/', path));
    if (!(await isFile(uri))) continue;
    return { piece: pieceOf(uri, mention), inside: await liesReallyIn(uri.fsPath, folderPaths()) };
  }
  return undefined;
}

// One that is named whole is offered wherever it lies: taken from the list, it is meant.
async function outerFile(query: string): Promise<Candidate[]> {
  const path = fromHome(query);
  const uri = Uri.file(path);
  if (!isAbsolute(path) || !(await isFile(uri))) return [];
  return [{ uri: uri.toString(), path, open: false }];
}

function fromHome(path: string): string {
  return path.replace(/^~(?=\/)/, homedir());
}

function pieceOf(uri: Uri, { first, last }: Mention): Piece {
  const base = { id: randomUUID(), detail: uri.fsPath, uri: uri.toString() };
  const name = workspace.asRelativePath(uri);
  if (first === undefined || first < 1) return { ...base, kind: 'file', label: name };
  const end = Math.max(last ?? first, first);
  const range = { start: { line: first - 1, character: 0 }, end: { line: end, character: 0 } };
  return { ...base, kind: 'selection', label: placeName(name, range), range };
}

export async function isFile(uri: Uri): Promise<boolean> {
  try {
    return ((await workspace.fs.stat(uri)).type & FileType.File) !== 0;
  } catch {
    return false;
  }
}

function openUris(): Uri[] {
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  const uris = tabs.flatMap(({ input }) => (input instanceof TabInputText ? [input.uri] : []));
  const untitled = workspace.textDocuments.filter((document) => document.isUntitled && isWork(document));
  return [...uris.filter(({ scheme }) => scheme === 'file'), ...untitled.map(({ uri }) => uri)];
}

function candidateOf(uri: Uri, open: boolean): Candidate {
  return { uri: uri.toString(), path: workspace.asRelativePath(uri).replace(/\\/g, '/'), open };
}

function completionOf({ uri, path }: Candidate): Completion {
  const at = path.lastIndexOf('/');
  return { uri, label: path.slice(at + 1), detail: path.slice(0, Math.max(at, 0)) };
}

// What the person does not want to search in is not offered.
function excluded(): string | null {
  const rules = ['search.exclude', 'files.exclude'].flatMap((name) => {
    const section = workspace.getConfiguration().get<Record<string, unknown>>(name, {});
    return Object.keys(section).filter((glob) => section[glob] === true);
  });
  return rules.length ? `{${[...new Set(rules)].join(',')}}` : null;
}

// The letters in their order, in a file's name and, before a `/`, in a folder's.
function globOf(query: string): string {
  const parts = query.split('/').map((part) => {
    const letters = [...part].map((letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
    return /^[\w.-]*$/.test(part) ? `*${letters.join('*')}*` : '*';
  });
  return `**/${parts.join('/**/')}`;
}
