// Sentences above a chat, with what helps. Pure. In: what happened. Out: a notice. Never here: when it is shown.
import type { Header } from './messages.ts';
import type { Turn } from './transcript.ts';

export type Notice = NonNullable<Header['notice']>;

export const GONE: Notice = {
  text: 'This chat was deleted elsewhere; send the prompt again to begin a new one, in which the model knows nothing of this',
  command: 'pi.chat.new',
  label: 'New chat',
};

/** Before anything of it was shown */
export const DELETED: Notice = { text: 'The chat that stood here was deleted elsewhere; this is a new one' };

/** The prompt has gone from the view, and its turn does not stand there yet. */
export const WAITING: Notice = {
  text: 'Your prompt is sent as soon as the chat and the files for it have been read',
};

/** What a turn's end says of the chat */
export function noticeAfter({ error, stopReason }: Turn): Notice | undefined {
  if (error?.code === 'unknown_chat') return GONE;
  if (!error || stopReason === 'error' || stopReason === 'cancelled') return undefined;
  // The answer is there all the same, so what failed is its keeping.
  return { text: error.message, command: 'pi.showLog', label: 'Show log' };
}

/** They were attached when the window was reloaded. */
export function notKept(names: readonly string[]): Notice {
  const [does, them] = names.length === 1 ? ['does', 'it'] : ['do', 'them'];
  return {
    text: `${names.join(', ')} ${does} not outlive a reload of the window, unlike files and selections; attach ${them} again`,
  };
}

/** Attached it was not, as nobody chose it: text from anywhere may name any file. */
export function leftOut(names: readonly string[]): Notice {
  const [those, them] = names.length === 1 ? ['it lies', 'it'] : ['they lie', 'them'];
  return {
    text: `${names.join(', ')} did not go along: ${those} outside of this workspace. To send ${them}, type @ and the path, and choose from the list`,
  };
}
