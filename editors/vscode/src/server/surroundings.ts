// What this window knows that finding and starting a server takes. In: VS Code, the process that this runs in.
// Out: the values that `discovery.ts` and `environment.ts` ask for. Never here: a decision.
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { LogLevel, workspace } from 'vscode';
import type { Surroundings } from './discovery.ts';
import { type ServerEnvironment, serverEnvironment } from './environment.ts';
import { isProgram, liesIn, programFolders, programsNamed, serverVersion } from './programs.ts';
import { activeInterpreter } from './python.ts';
import type { EditorSection, ServerSettings } from './settings.ts';

type ServerLevel = NonNullable<EditorSection['logLevel']>;

const LEVELS: Readonly<Record<LogLevel, ServerLevel>> = {
  [LogLevel.Off]: 'error',
  [LogLevel.Trace]: 'debug',
  [LogLevel.Debug]: 'debug',
  [LogLevel.Info]: 'info',
  [LogLevel.Warning]: 'warning',
  [LogLevel.Error]: 'error',
};

export function serverLevel(level: LogLevel): ServerLevel {
  return LEVELS[level];
}

export function environmentFor(settings: ServerSettings, level: LogLevel): ServerEnvironment {
  return serverEnvironment({
    environ: process.env,
    proxy: settings.proxy,
    useEditorProxy: settings.useEditorProxy,
    over: settings.environment,
    logLevel: serverLevel(level),
    readable,
  });
}

export function surroundings(
  { command }: Pick<ServerSettings, 'command'>,
  { variables }: Pick<ServerEnvironment, 'variables'>,
  signal: AbortSignal,
): Surroundings {
  const folders = programFolders(variables, homedir());
  return {
    command,
    home: homedir(),
    platform: process.platform,
    workspaceFolders: (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
    trusted: workspace.isTrusted,
    interpreter: (wake) => activeInterpreter(wake, signal),
    programs: (name) => programsNamed(name, folders),
    isProgram,
    liesIn,
    version: (candidate) => serverVersion(candidate, variables, signal),
  };
}

function readable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
