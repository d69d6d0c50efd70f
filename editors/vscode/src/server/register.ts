// The commands of the server, and what the window shows of it. In: the server. Out: commands, a context key.
// Never here: an error that reaches VS Code as it is; each is said as a sentence.
import { commands, Disposable, type ExtensionContext, env, window } from 'vscode';
import type { Accounts } from '../auth/accounts.ts';
import { sayError, whileShown } from '../say.ts';
import { diagnostics } from './diagnostics.ts';
import { isSaid, sentenceOf } from './failures.ts';
import { install } from './install.ts';
import type { Log } from './log.ts';
import { noticeServer } from './notices.ts';
import { select } from './select.ts';
import type { Server } from './server.ts';

/** What the editor of settings shows: those of this extension */
const SETTINGS = '@ext:pi-server.pi';

export function registerServer(
  context: ExtensionContext,
  server: Server,
  accounts: Accounts,
  log: Log,
): Disposable {
  const table: Readonly<Record<string, () => unknown>> = {
    'pi.server.restart': () => restart(server),
    'pi.server.stop': () => stop(server),
    'pi.server.install': () => install(server),
    'pi.server.select': () => select(server),
    'pi.openSettings': openSettings,
    'pi.showLog': () => log.show(),
    'pi.showDiagnostics': () => diagnostics(context, server, accounts, log),
  };
  return Disposable.from(
    ...Object.entries(table).map(([name, run]) => commands.registerCommand(name, () => said(run, log))),
    noticeServer(server),
    server.onDidChangeState(({ phase }) => tellRunning(phase === 'running')),
  );
}

/** Those of a server's machine stand on a page of their own where that is not the machine of the window. */
async function openSettings(): Promise<void> {
  const page = env.remoteName === undefined ? 'openSettings' : 'openRemoteSettings';
  await commands.executeCommand(`workbench.action.${page}`, { query: SETTINGS });
}

function tellRunning(running: boolean): void {
  void commands.executeCommand('setContext', 'pi.serverRunning', running);
}

async function restart(server: Server): Promise<void> {
  await whileShown('Starting the pi server', () => server.restart());
}

async function stop(server: Server): Promise<void> {
  await server.stop();
  window.setStatusBarMessage('The pi server is stopped; it starts again when it is needed', 5000);
}

async function said(run: () => unknown, log: Log): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (isSaid(error)) return;
    log.error(sentenceOf(error));
    void sayError(sentenceOf(error));
  }
}
