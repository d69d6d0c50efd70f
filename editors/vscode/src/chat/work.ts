// The editor that the person works in, and places in documents that are kept in view however these change.
// In: what VS Code says of editors and edits. Out: an editor; ranges as they are now. Never here: a chat.
import {
  type Disposable,
  Range as EditorRange,
  type Tab,
  TabInputWebview,
  type TextDocument,
  type TextDocumentChangeEvent,
  type TextEditor,
  type Uri,
  ViewColumn,
  window,
  workspace,
} from 'vscode';
import type { Range } from '../protocol.ts';
import { isEmpty, shifted } from './ranges.ts';

export interface Mark {
  readonly uri: string;
  readonly range: Range;
}

const SCHEMES = new Set(['file', 'untitled', 'vscode-notebook-cell', 'vscode-userdata', 'vscode-remote']);

export class Work implements Disposable {
  readonly #marks = new Map<string, Mark>();
  readonly #disposables: Disposable[];
  #last: TextEditor | undefined;

  /** `follow` hears of every edit, for ranges that are kept elsewhere. */
  constructor(follow: (uri: string, move: (range: Range) => Range) => void) {
    this.#remember(window.activeTextEditor);
    this.#disposables = [
      window.onDidChangeActiveTextEditor((editor) => this.#remember(editor)),
      workspace.onDidChangeTextDocument((event) => this.#move(event, follow)),
    ];
  }

  /** The one used last, if its document is still open */
  get editor(): TextEditor | undefined {
    const last = this.#last;
    if (!last || last.document.isClosed) return undefined;
    return window.visibleTextEditors.find(({ document }) => document === last.document) ?? last;
  }

  mark(name: string, mark: Mark): void {
    this.#marks.set(name, mark);
  }

  /** Where it is now; undefined when its text has gone. */
  markOf(name: string): Mark | undefined {
    const mark = this.#marks.get(name);
    return mark && !isEmpty(mark.range) ? mark : undefined;
  }

  unmark(name: string): void {
    this.#marks.delete(name);
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #remember(editor: TextEditor | undefined): void {
    if (editor && isWork(editor.document)) this.#last = editor;
  }

  #move(
    { document, contentChanges }: TextDocumentChangeEvent,
    follow: ConstructorParameters<typeof Work>[0],
  ): void {
    if (!contentChanges.length || !isWork(document)) return;
    const changes = contentChanges.map(({ range, text }) => ({ range: rangeOf(range), text }));
    // Told from the end of the document to its beginning, each in terms of the document before all of them.
    const move = (range: Range) => changes.reduce(shifted, range);
    const uri = document.uri.toString();
    for (const [name, mark] of this.#marks) {
      if (mark.uri === uri) this.#marks.set(name, { uri, range: move(mark.range) });
    }
    follow(uri, move);
  }
}

export function isWork(document: TextDocument): boolean {
  return SCHEMES.has(document.uri.scheme);
}

export function rangeOf({ start, end }: EditorRange): Range {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}

export function editorRangeOf({ start, end }: Range): EditorRange {
  return new EditorRange(start.line, start.character, end.line, end.character);
}

/** The open document, if it is open. */
export function openDocument(uri: string): TextDocument | undefined {
  return workspace.textDocuments.find((document) => document.uri.toString() === uri && !document.isClosed);
}

/** Beside the chat, where a person looks for code. */
export function showDocument(uri: Uri, line?: number): Thenable<TextEditor> {
  const selection = line === undefined ? undefined : new EditorRange(line - 1, 0, line - 1, 0);
  return window.showTextDocument(uri, {
    viewColumn: columnOfFiles(),
    ...(selection && { selection }),
  });
}

/** Where files are shown: a chat in an editor tab is not covered by them. */
export function columnOfFiles(): ViewColumn {
  const { activeTabGroup, all } = window.tabGroups;
  if (!isChat(activeTabGroup.activeTab)) return ViewColumn.Active;
  return all.find((group) => group.activeTab && !isChat(group.activeTab))?.viewColumn ?? ViewColumn.Beside;
}

function isChat(tab: Tab | undefined): boolean {
  return tab?.input instanceof TabInputWebview && tab.input.viewType.endsWith('pi.chat');
}

/** Of the workspace */
export function folderPaths(): string[] {
  return (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
}

/** The folder that a chat begins in */
export function folderPath(): string | undefined {
  const here = window.activeTextEditor && workspace.getWorkspaceFolder(window.activeTextEditor.document.uri);
  return (here ?? workspace.workspaceFolders?.[0])?.uri.fsPath;
}
