// The view in the side bar and the editor tabs, as VS Code knows them. In: its webviews. Out: places that show chats.
// After a reload of the window each shows the chat that it showed. Never here: what is said between them.
import { randomUUID } from 'node:crypto';
import { Disposable, Uri, ViewColumn, type WebviewPanel, type WebviewView, window } from 'vscode';
import type { OpenChats } from './chats.ts';
import { optionsOf } from './html.ts';
import type { Frame, Place } from './place.ts';
import type { Session } from './session.ts';

const VIEW = 'pi.chat';

export function registerViews(chats: OpenChats, extension: Uri): Disposable {
  const openTab = (session: Session) => {
    const column = window.activeTextEditor ? ViewColumn.Beside : ViewColumn.Active;
    const panel = window.createWebviewPanel(VIEW, session.title, column, optionsOf(extension));
    const place = chats.addPlace(randomUUID(), session);
    holdPanel(chats, panel, place, extension);
    chats.places.use(place);
  };
  chats.places.openTab = openTab;
  return Disposable.from(
    window.registerWebviewViewProvider(VIEW, {
      resolveWebviewView: (view) => holdView(chats, view, extension),
    }),
    window.registerWebviewPanelSerializer(VIEW, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        holdPanel(chats, panel, chats.addPlace(keyOf(state) ?? randomUUID()), extension);
      },
    }),
  );
}

function holdView(chats: OpenChats, view: WebviewView, extension: Uri): void {
  const frame: Frame = {
    webview: view.webview,
    get visible() {
      return view.visible;
    },
    show: (preserveFocus) => view.show(preserveFocus),
    // Not as its title, of which VS Code capitalises every word.
    setTitle: (title) => {
      view.description = title;
    },
    setBadge: (badge) => {
      view.badge = badge;
    },
  };
  view.onDidChangeVisibility(() => chats.places.side.changed(frame));
  view.onDidDispose(() => chats.places.side.changed(undefined));
  chats.places.side.open(frame, extension);
}

function holdPanel(chats: OpenChats, panel: WebviewPanel, place: Place, extension: Uri): void {
  const frame: Frame = {
    webview: panel.webview,
    get visible() {
      return panel.visible;
    },
    show: (preserveFocus) => panel.reveal(undefined, preserveFocus),
    setTitle: (title) => {
      panel.title = title;
    },
  };
  panel.iconPath = {
    light: Uri.joinPath(extension, 'media', 'tab-light.svg'),
    dark: Uri.joinPath(extension, 'media', 'tab-dark.svg'),
  };
  panel.onDidChangeViewState(() => {
    place.changed(frame);
    if (panel.active) chats.places.use(place);
  });
  panel.onDidDispose(() => chats.removePlace(place));
  place.open(frame, extension);
}

function keyOf(state: unknown): string | undefined {
  const key = typeof state === 'object' && state !== null ? (state as { key?: unknown }).key : undefined;
  return typeof key === 'string' ? key : undefined;
}
