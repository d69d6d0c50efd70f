// Proposals in VS Code's own diff editor: the right side is a document that exists only here (`pi-diff:`).
// In: two texts and what accepting and rejecting mean. Out: a tab, and the commands above it. A tab that is closed
// decides nothing. Never here: what is changed when somebody accepts.
import { randomUUID } from 'node:crypto';
import {
  commands,
  Disposable,
  type Tab,
  TabInputText,
  TabInputTextDiff,
  Uri,
  window,
  workspace,
} from 'vscode';
import { sayInfo } from '../say.ts';
import { type Decision, Decisions } from './decisions.ts';
import { columnOfFiles } from './work.ts';

export interface Side {
  /** What names it, and gives it its colours */
  readonly path: string;
  readonly text: string;
}

export interface Shown {
  /** The name that it can be closed by, also while it opens */
  readonly id: string;
  readonly opened: Promise<void>;
}

const SCHEME = 'pi-diff';

export class Diffs implements Disposable {
  readonly #texts = new Map<string, string>();
  readonly #decisions = new Decisions();
  readonly #disposable: Disposable;

  constructor() {
    this.#disposable = Disposable.from(
      workspace.registerTextDocumentContentProvider(SCHEME, {
        provideTextDocumentContent: (uri) => this.#texts.get(uri.query) ?? '',
      }),
      workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
      window.tabGroups.onDidChangeTabs(() => this.#tell()),
      window.tabGroups.onDidChangeTabGroups(() => this.#tell()),
      commands.registerCommand('pi.diff.accept', (uri?: unknown) => this.#decide('accept', uri)),
      commands.registerCommand('pi.diff.reject', (uri?: unknown) => this.#decide('reject', uri)),
    );
  }

  show(before: Uri | Side, after: Uri | Side, title: string, decision?: Decision): Shown {
    const id = randomUUID();
    const [left, right] = [this.#uriOf(before, `${id}-before`), this.#uriOf(after, id)];
    const options = { preview: false, viewColumn: columnOfFiles() };
    const open = () => commands.executeCommand('vscode.diff', left, right, title, options);
    return { id, opened: this.#decisions.offer(id, decision, open).finally(() => this.#tell()) };
  }

  async showMany(sides: readonly (readonly [Uri | Side, Uri | Side])[], title: string): Promise<void> {
    const resources = sides.map(([before, after]) => {
      const [left, right] = [this.#uriOf(before, randomUUID()), this.#uriOf(after, randomUUID())];
      return [right, left, right];
    });
    await commands.executeCommand('vscode.changes', title, resources);
  }

  async close(id: string): Promise<void> {
    this.#decisions.withdraw(id);
    await closeTabs(id);
    await this.#decisions.opened(id);
    await closeTabs(id); // which was not there yet
    this.#tell();
  }

  dispose(): void {
    this.#disposable.dispose();
  }

  #uriOf(side: Uri | Side, id: string): Uri {
    if (side instanceof Uri) return side;
    this.#texts.set(id, side.text);
    return Uri.from({
      scheme: SCHEME,
      path: side.path.startsWith('/') ? side.path : `/${side.path}`,
      query: id,
    });
  }

  #forget(uri: Uri): void {
    if (uri.scheme !== SCHEME) return;
    this.#texts.delete(uri.query);
    this.#decisions.withdraw(uri.query);
  }

  async #decide(how: keyof Decision, uri: unknown): Promise<void> {
    const named = uri instanceof Uri && uri.scheme === SCHEME ? uri.query : undefined;
    if (await this.#decisions.make(named ?? this.#active() ?? '', how)) return;
    void sayInfo('pi: This change is no longer waiting for an answer');
  }

  #active(): string | undefined {
    const tab = window.tabGroups.activeTabGroup.activeTab;
    return tab && queriesOf(tab).find((id) => this.#decisions.has(id));
  }

  #tell(): void {
    void commands.executeCommand('setContext', 'pi.viewingProposedDiff', this.#active() !== undefined);
  }
}

async function closeTabs(id: string): Promise<void> {
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  await window.tabGroups.close(
    tabs.filter((tab) => queriesOf(tab).includes(id)),
    true,
  );
}

function queriesOf({ input }: Tab): string[] {
  const uris =
    input instanceof TabInputTextDiff
      ? [input.modified, input.original]
      : input instanceof TabInputText
        ? [input.uri]
        : [];
  return uris.filter(({ scheme }) => scheme === SCHEME).map(({ query }) => query);
}
