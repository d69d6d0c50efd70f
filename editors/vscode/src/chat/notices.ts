// Sentences above a chat, with what helps. Pure. In: what happened. Out: a notice. Never here: when it is shown.
import type { Header } from './messages.ts';

export type Notice = NonNullable<Header['notice']>;

export const GONE: Notice = {
  text: 'This chat was deleted elsewhere; the next prompt begins a new one, in which the model knows nothing of this',
  command: 'pi.chat.new',
  label: 'New chat',
};

/** The answer is there, but it is not kept. */
export function unsaved(text: string): Notice {
  return { text, command: 'pi.showLog', label: 'Show log' };
}

/** Attached it was not, as nobody chose it: text from anywhere may name any file. */
export function leftOut(names: readonly string[]): Notice {
  const [those, them] = names.length === 1 ? ['it lies', 'it'] : ['they lie', 'them'];
  return {
    text: `${names.join(', ')} did not go along: ${those} outside of this workspace. To send ${them}, type @ and the path, and choose from the list`,
  };
}
