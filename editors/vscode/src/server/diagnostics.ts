// "pi: Show Diagnostics": what is gathered for a bug report. In: everything around the server. Out: a document that is
// open and not saved. Never here: how it is written (`report.ts`); a server that is started for it.
import { arch, homedir, type as osType, release } from 'node:os';
import {
  CancellationTokenSource,
  type ExtensionContext,
  ExtensionKind,
  env,
  UIKind,
  version,
  window,
  workspace,
} from 'vscode';
import type { Accounts } from '../auth/accounts.ts';
import type { HealthResult } from '../protocol.ts';
import { changedSettings, complaints } from '../settings.ts';
import { discover, type Look } from './discovery.ts';
import { sentenceOf } from './failures.ts';
import type { Log } from './log.ts';
import { report } from './report.ts';
import type { Server } from './server.ts';
import { serverSettings } from './settings.ts';
import { environmentFor, surroundings } from './surroundings.ts';

const HEALTH_MS = 5_000;
const LINES = 50;

export async function diagnostics(
  context: ExtensionContext,
  server: Server,
  accounts: Accounts,
  log: Log,
): Promise<void> {
  const settings = serverSettings();
  const environment = environmentFor(settings, log.logLevel);
  const { looks, lastCrash } = server.past;
  const content = report({
    versions: { ...versions(context), 'Sign-in': accounts.state },
    server: server.state,
    lastCrash,
    looks: looks.length > 0 ? looks : await found(settings.command, environment),
    health: await health(server),
    ...environment,
    settings: changedSettings(),
    complaints: complaints(),
    log: log.recent(LINES),
    home: homedir(),
  });
  const document = await workspace.openTextDocument({ language: 'markdown', content });
  await window.showTextDocument(document, { preview: false });
}

function versions(context: ExtensionContext): Readonly<Record<string, string>> {
  const { extension } = context;
  return {
    Extension: String((extension.packageJSON as { version?: unknown }).version),
    Editor: `${env.appName} ${version}, ${env.uiKind === UIKind.Web ? 'in a browser' : 'on the desktop'}`,
    'Runs on': `${osType()} ${release()} ${arch()}, Node ${process.versions.node}`,
    Remote: env.remoteName ?? 'no',
    'Extension host': extension.extensionKind === ExtensionKind.Workspace ? 'workspace' : 'ui',
    Trust: workspace.isTrusted ? 'the folder is trusted' : 'the folder is not trusted',
  };
}

/** Where a server would be found, when none was looked for yet */
async function found(
  command: readonly string[] | null,
  environment: { readonly variables: Readonly<Record<string, string>> },
): Promise<readonly Look[]> {
  const looks: Look[] = [];
  const around = surroundings({ command }, environment, new AbortController().signal);
  for await (const look of discover(around)) looks.push(look);
  return looks;
}

async function health(server: Server): Promise<HealthResult | string> {
  if (server.state.phase !== 'running') return `not asked, for the server is ${server.state.phase}`;
  const source = new CancellationTokenSource();
  const timer = setTimeout(() => source.cancel(), HEALTH_MS);
  try {
    return await server.request('pi/health', {}, source.token);
  } catch (error) {
    return source.token.isCancellationRequested
      ? `no answer within ${HEALTH_MS / 1000} s`
      : sentenceOf(error);
  } finally {
    clearTimeout(timer);
    source.dispose();
  }
}
