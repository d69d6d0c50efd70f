// What a chat needs of the editor, and what looks at a chat: the seam between `Session` and VS Code.
// Never here: code that runs.
import type { ChatParams, ContextItem } from '../protocol.ts';
import type { Pi } from '../server/pi.ts';
import type { Piece } from './attachments.ts';
import type { Header, ToView } from './messages.ts';
import type { Cancellation } from './run.ts';
import type { Turn } from './transcript.ts';

export interface World<Session> {
  readonly request: Pi['request'];
  newId(): string;
  cancellation(): Cancellation;
  /** What the next turn is asked with */
  settings(session: Session): Pick<ChatParams, 'model' | 'reasoning' | 'approval'>;
  /** The piece as it stands now, unsaved text too */
  item(piece: Piece): ContextItem;
  /** The files that a prompt names */
  named(prompt: string, cwd: string | undefined): Promise<Named>;
  header(session: Session): Header;
  /** Something that is kept, counted or shown outside the views is another now */
  changed(session: Session): void;
  ended(session: Session, turn: Turn): void;
}

export interface Named {
  readonly pieces: readonly Piece[];
  /** Names of files that lie outside of the workspace: whoever means them says so */
  readonly outside: readonly string[];
}

export interface Viewer {
  post(message: ToView): void;
}

export interface Beginning {
  /** The same for as long as the chat is open, over reloads of the window too; a chat has no id before it begins */
  readonly key: string;
  readonly cwd: string | undefined;
  /** What stood in the prompt, and what was to go along with it, before the window was reloaded */
  readonly draft?: string;
  readonly pieces?: readonly Piece[];
  /** What was to go along too, and is no more */
  readonly lost?: readonly string[];
  /** A kept chat, which is read once somebody looks at it */
  readonly chatId?: string;
}
