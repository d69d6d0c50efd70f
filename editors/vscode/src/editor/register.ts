// Asking about code where it stands: the light bulb and the commands. In: selections, problems. Out: questions in the
// chat. Never here: an edit; what comes of an answer is applied from the chat, seen first.
import {
  CodeAction as Action,
  type CodeAction,
  CodeActionKind,
  type CodeActionProvider,
  commands,
  type Diagnostic,
  Disposable,
  languages,
  Range,
  type Selection,
  type TextDocument,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { Attachment } from '../chat/attachments.ts';
import type { Chats } from '../chat/chats.ts';
import { pieceOfProblems, pieceOfRange } from '../chat/context.ts';
import { sayInfo } from '../say.ts';
import { setting } from '../settings.ts';

type Asking = 'pi.explain' | 'pi.fix' | 'pi.improve';

/** Lines around a problem that are shown with it */
const AROUND = 5;

export function registerEditor(chats: Chats): Disposable {
  const table: Readonly<Record<Asking, (uri?: unknown, range?: unknown) => Promise<void>>> = {
    'pi.explain': (uri, range) => askAbout(chats, 'Explain this code', uri, range),
    'pi.fix': (uri, range) => fix(chats, uri, range),
    'pi.improve': (uri, range) => askAbout(chats, 'Improve this code', uri, range),
  };
  return Disposable.from(
    ...Object.entries(table).map(([name, run]) => commands.registerCommand(name, run)),
    languages.registerCodeActionsProvider([{ scheme: 'file' }, { scheme: 'untitled' }], actions, {
      providedCodeActionKinds: [
        CodeActionKind.QuickFix,
        CodeActionKind.Refactor,
        CodeActionKind.RefactorRewrite,
      ],
    }),
  );
}

const actions: CodeActionProvider = {
  provideCodeActions(document, range, context) {
    if (!setting('pi.codeActions', document.uri)) return [];
    const problems = context.diagnostics.length ? [fixAction(document, context.diagnostics)] : [];
    if (range.isEmpty) return problems;
    return [
      ...problems,
      action('Explain with pi', CodeActionKind.Refactor, 'pi.explain', document.uri, range),
      action('Improve with pi', CodeActionKind.RefactorRewrite, 'pi.improve', document.uri, range),
    ];
  },
};

function fixAction(document: TextDocument, diagnostics: readonly Diagnostic[]): CodeAction {
  const range = diagnostics.map((one) => one.range).reduce((one, other) => one.union(other));
  const fixing = action('Fix with pi', CodeActionKind.QuickFix, 'pi.fix', document.uri, range);
  fixing.diagnostics = [...diagnostics];
  return fixing;
}

function action(title: string, kind: CodeActionKind, command: Asking, uri: Uri, range: Range): CodeAction {
  const made = new Action(title, kind);
  made.command = { title, command, arguments: [uri, range] };
  return made;
}

async function askAbout(chats: Chats, prompt: string, uri: unknown, range: unknown): Promise<void> {
  const place = await placeOf(uri, range);
  if (!place || place.range.isEmpty) return say('Select the code first');
  await chats.ask(prompt, [pieceOfRange(place.document, place.range)]);
}

// Of the selection, else of the line of the cursor, else of the whole file.
async function fix(chats: Chats, uri: unknown, range: unknown): Promise<void> {
  const place = await placeOf(uri, range);
  if (!place) return say('Open a file first');
  const { document } = place;
  const all = languages.getDiagnostics(document.uri);
  const touched = all.filter((one) => linesOf(place.range, document).intersection(one.range));
  const problems = touched.length ? touched : place.range.isEmpty ? all : [];
  const piece = pieceOfProblems(document.uri, problems);
  if (!piece) return say('There are no problems here');
  const code =
    place.range.isEmpty || !touched.length
      ? spanOf(document, problems)
      : around(document, place.range, problems);
  const attachments: Attachment[] = [pieceOfRange(document, code), piece];
  await chats.ask(problems.length === 1 ? 'Fix this problem' : 'Fix these problems', attachments);
}

async function placeOf(
  uri: unknown,
  range: unknown,
): Promise<{ document: TextDocument; range: Range } | undefined> {
  if (uri instanceof Uri && range instanceof Range)
    return { document: await workspace.openTextDocument(uri), range };
  const editor = window.activeTextEditor;
  return editor && { document: editor.document, range: rangeOf(editor.selection) };
}

function rangeOf({ start, end }: Selection): Range {
  return new Range(start, end);
}

function linesOf(range: Range, document: TextDocument): Range {
  return new Range(range.start.line, 0, range.end.line, document.lineAt(range.end.line).text.length);
}

// The selected lines with those of the problems, and a few around what is small.
function around(document: TextDocument, range: Range, problems: readonly Diagnostic[]): Range {
  const wide = problems.map((one) => one.range).reduce((one, other) => one.union(other), range);
  return wholeLines(document, wide, range.isSingleLine ? AROUND : 0);
}

function spanOf(document: TextDocument, problems: readonly Diagnostic[]): Range {
  const span = problems.map((one) => one.range).reduce((one, other) => one.union(other));
  return wholeLines(document, span, AROUND);
}

function wholeLines(document: TextDocument, range: Range, more: number): Range {
  const first = Math.max(range.start.line - more, 0);
  const last = Math.min(range.end.line + more, document.lineCount - 1);
  return new Range(first, 0, last, document.lineAt(last).text.length);
}

function say(text: string): void {
  void sayInfo(`pi: ${text}`);
}
