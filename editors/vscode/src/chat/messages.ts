// What the extension and its webview say to each other; each side narrows by `type`. The extension knows the chat, the
// webview draws it: what it must remember over a reload lies with the extension, so a hidden view costs no memory.
// Never here: a credential.
import type { ApproveOption, TurnEvent } from '../protocol.ts';
import type { DraftChange } from './drafts.ts';
import type { Picture, Turn } from './transcript.ts';

/** What goes along with the next prompt */
export interface Chip {
  readonly id: string;
  readonly kind: 'file' | 'selection' | 'diagnostics' | 'image';
  readonly label: string;
  /** The whole path, or how many problems */
  readonly detail: string;
}

/** The frame around the transcript */
export interface Header {
  readonly title: string;
  /** Of the chosen model; null when none is */
  readonly model: string | null;
  /** Of the models that answer in this chat, by their ids, as far as they are known */
  readonly names: Readonly<Record<string, string>>;
  readonly account: string | null;
  /** 0 to 1 of the model's context window; null when either is not known */
  readonly contextFill: number | null;
  readonly contextDetail: string;
  readonly server: 'stopped' | 'starting' | 'running' | 'missing' | 'misconfigured' | 'failed';
  /** Of all providers together: whether a chat is possible */
  readonly auth: 'unknown' | 'signedOut' | 'signingIn' | 'expired' | 'ready';
  /** One sentence that needs attention, with what helps */
  readonly notice: { readonly text: string; readonly command?: ViewCommand; readonly label?: string } | null;
  readonly sendWith: 'enter' | 'modifierEnter';
}

export interface Approval {
  /** Of the question; a tool call may be asked about more than once */
  readonly id: string;
  readonly turnId: string;
  readonly toolCallId: string;
  readonly tool: string;
  readonly title: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly diff?: string;
  readonly options: readonly ApproveOption[];
}

/** An answer to `@…`: what may be attached */
export interface Completion {
  readonly uri: string;
  readonly label: string;
  readonly detail: string;
}

export type ToView =
  /** Everything, when the view is ready or another chat is shown in it */
  | {
      readonly type: 'chat';
      /** Of the place, for the webview's state: after a reload of the window it shows the same chat and draft again */
      readonly key: string;
      /** Of the chat, also before the server has given it an id: where the draft belongs */
      readonly session: string;
      readonly chatId: string | null;
      readonly turns: readonly Turn[];
      readonly draft: string;
      readonly chips: readonly Chip[];
      readonly approvals: readonly Approval[];
      readonly header: Header;
    }
  /** A turn that is new, or is to be replaced whole */
  | { readonly type: 'turn'; readonly turn: Turn }
  /** For the turn of that id, in order, joined already */
  | { readonly type: 'events'; readonly turnId: string; readonly events: readonly TurnEvent[] }
  | { readonly type: 'header'; readonly header: Header }
  | { readonly type: 'chips'; readonly chips: readonly Chip[] }
  | { readonly type: 'approvals'; readonly approvals: readonly Approval[] }
  | { readonly type: 'completions'; readonly query: string; readonly items: readonly Completion[] }
  | ({ readonly type: 'draft' } & DraftChange)
  | { readonly type: 'focus' };

/** The buttons of the view that are commands of the extension */
export type ViewCommand =
  | 'pi.signIn'
  | 'pi.accounts'
  | 'pi.chooseModel'
  | 'pi.chat.new'
  | 'pi.chat.list'
  | 'pi.server.install'
  | 'pi.server.select'
  | 'pi.server.restart'
  | 'pi.openSettings'
  | 'pi.showLog'
  | 'pi.showDiagnostics';

export type FromView =
  | { readonly type: 'ready' }
  | { readonly type: 'send'; readonly prompt: string }
  | { readonly type: 'stop' }
  /** The prompt of that turn anew, in a chat that forks before it */
  | { readonly type: 'resend'; readonly turnId: string; readonly prompt: string }
  /** What is typed, for when the view comes back; debounced */
  | { readonly type: 'draft'; readonly session: string; readonly text: string }
  | { readonly type: 'complete'; readonly query: string }
  | { readonly type: 'attach'; readonly uris: readonly string[] }
  | { readonly type: 'attachImage'; readonly name: string; readonly picture: Picture }
  | { readonly type: 'detach'; readonly chipId: string }
  | {
      readonly type: 'code';
      readonly action: 'copy' | 'insert' | 'apply';
      readonly text: string;
      readonly language: string;
    }
  | { readonly type: 'copy'; readonly text: string }
  | { readonly type: 'link'; readonly href: string }
  | { readonly type: 'approve'; readonly id: string; readonly optionId: string }
  /** The unified diff of that tool call, in the diff editor */
  | { readonly type: 'showDiff'; readonly toolCallId: string }
  | { readonly type: 'command'; readonly command: ViewCommand }
  /** As a failure offers it: to that provider, else that of the chosen model */
  | { readonly type: 'signIn'; readonly provider?: string; readonly method?: 'apiKey' };
