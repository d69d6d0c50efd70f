// "pi: Install Server…": which tool, from what, and the command in a terminal where the person presses Enter.
// In: the tools that are there. Out: a command that is shown and not yet run. Never here: an installation unasked.

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type QuickPickItem, type Uri, window, workspace } from 'vscode';
import { sayInfo, whileShown } from '../say.ts';
import { begin } from './begin.ts';
import { type InstallTool, installCommand, installTools, isClone, PACKAGE } from './installing.ts';
import type { Pi } from './pi.ts';
import { programFolders, programsOutside } from './programs.ts';
import { activeInterpreter } from './python.ts';

const TITLE = 'Install the pi Server';

export async function install(server: Pi): Promise<void> {
  const tool = await chooseTool();
  const source = tool && (await chooseSource());
  if (!tool || !source) return;
  const terminal = window.createTerminal({ name: TITLE, cwd: homedir() });
  terminal.show();
  terminal.sendText(installCommand(tool, source), false);
  const next = await sayInfo(
    'Press Enter in the terminal to install the pi server. When it is there, start it.',
    'Start Server',
  );
  if (next) await whileShown('Starting the pi server', () => begin(server));
}

async function chooseTool(): Promise<InstallTool | undefined> {
  const folders = programFolders(process.env, homedir());
  const untrusted = workspace.isTrusted
    ? []
    : (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  const has = async (name: string) => (await programsOutside(untrusted, name, folders))[0];
  const tools = installTools({
    pipx: await has('pipx'),
    uv: await has('uv'),
    python: await has('python3'),
    interpreter: (workspace.isTrusted && (await activeInterpreter(false))) || undefined,
  });
  if (tools.length === 0) {
    throw new Error('The pi server needs Python 3.11 or later, and none was found where this window runs');
  }
  const items = tools.map((tool) => ({ label: tool.label, detail: tool.detail, tool }));
  return (await window.showQuickPick(items, { title: `${TITLE} (1/2)`, placeHolder: 'With which tool?' }))
    ?.tool;
}

async function chooseSource(): Promise<string | undefined> {
  const clone = await openClone();
  const items: (QuickPickItem & { readonly source: () => Promise<string | undefined> })[] = [
    ...(clone
      ? [
          {
            label: 'The clone in this window',
            detail: clone,
            source: () => Promise.resolve<string | undefined>(clone),
          },
        ]
      : []),
    { label: 'A clone of pi-server…', detail: 'Choose the folder', source: chooseClone },
    {
      label: 'The package pi-server',
      detail: 'From the package index that the tool is set up for, if it is there',
      source: () => Promise.resolve(PACKAGE),
    },
  ];
  const chosen = await window.showQuickPick(items, { title: `${TITLE} (2/2)`, placeHolder: 'From where?' });
  return chosen?.source();
}

/** A folder of this window, unless nobody trusts it: installing runs what is written there. */
async function openClone(): Promise<string | undefined> {
  if (!workspace.isTrusted) return undefined;
  for (const { uri } of workspace.workspaceFolders ?? []) {
    if (await holdsClone(uri)) return uri.fsPath;
  }
  return undefined;
}

async function chooseClone(): Promise<string | undefined> {
  const [folder] =
    (await window.showOpenDialog({
      title: 'The Clone of pi-server',
      canSelectFolders: true,
      canSelectFiles: false,
      openLabel: 'Install From Here',
    })) ?? [];
  if (!folder) return undefined;
  if (!(await holdsClone(folder))) {
    throw new Error(`${folder.fsPath} is no clone of pi-server: it has no pyproject.toml with that name`);
  }
  return folder.fsPath;
}

async function holdsClone(folder: Uri): Promise<boolean> {
  try {
    return isClone(await readFile(path.join(folder.fsPath, 'pyproject.toml'), 'utf8'));
  } catch {
    return false;
  }
}
