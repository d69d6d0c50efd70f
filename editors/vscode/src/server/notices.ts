// What the window says by itself about the server: that there is none, that it does not run, that it crashed.
// In: states and crashes. Out: no notification that is still open, with what helps.
// Never here: an error of a request; whoever asked shows that, but for those with one of these codes.
import { commands, Disposable } from 'vscode';
import { sayError, sayWarning } from '../say.ts';
import { buttonsOf, SHOW_LOG } from './help.ts';
import type { ServerState } from './pi.ts';
import type { Crash, Server } from './server.ts';

interface Notice {
  readonly text: string;
  readonly buttons: Readonly<Record<string, string>>;
  readonly severity: 'error' | 'warning';
}

export function noticeServer(server: Server): Disposable {
  const open = new Set<string>();
  const say = (notice: Notice | null) => {
    if (!notice || open.has(notice.text)) return;
    open.add(notice.text);
    void show(notice).finally(() => open.delete(notice.text));
  };
  return Disposable.from(
    server.onDidChangeState((state) => say(noticeOf(state))),
    server.onDidCrash((crash) => say(noticeOfCrash(crash))),
  );
}

function noticeOf({ phase, reason = '', named = false }: ServerState): Notice | null {
  const buttons = buttonsOf(phase, named);
  return buttons && { severity: 'error', text: reason, buttons };
}

/** That it is given up is told by the state. */
function noticeOfCrash({ again }: Crash): Notice | null {
  return again
    ? { severity: 'warning', text: 'The pi server stopped and is started again', buttons: SHOW_LOG }
    : null;
}

async function show({ severity, text, buttons }: Notice): Promise<void> {
  const say = severity === 'error' ? sayError : sayWarning;
  const chosen = await say(text, ...Object.keys(buttons));
  const command = chosen && buttons[chosen];
  if (command) await commands.executeCommand(command);
}
