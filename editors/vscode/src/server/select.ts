// "pi: Select Server Program…": a program that is asked whether it is one before the setting names it.
// In: what the person chooses or types. Out: `pi.server.command` of this machine. Never here: a workspace's setting; a
// program of a folder that is not trusted.
import { ConfigurationTarget, LogLevel, type QuickPickItem, window, workspace } from 'vscode';
import { complain, prompt } from '../say.ts';
import { discover } from './discovery.ts';
import { sentenceOf } from './failures.ts';
import { serveCommand } from './programs.ts';
import type { Server } from './server.ts';
import { serverSettings } from './settings.ts';
import { environmentFor, surroundings } from './surroundings.ts';
import { joined, words } from './words.ts';

const TITLE = 'Select the pi Server';
const SETTING = 'pi.server.command';

/** Null: look for it each time */
type Command = readonly string[] | null;
type Choice = QuickPickItem & { readonly command: () => Promise<Command | undefined> };

export async function select(server: Server): Promise<void> {
  const choice = await window.showQuickPick<Choice>(choices(), {
    title: TITLE,
    placeHolder: 'Which program serves where this window runs?',
    matchOnDetail: true,
  });
  const command = await choice?.command();
  if (command === undefined) return;
  await workspace.getConfiguration().update(SETTING, command ?? undefined, ConfigurationTarget.Global);
  await (server.state.phase === 'failed' ? server.restart() : server.start());
}

/** Those that were found, then the ways to name another */
async function choices(): Promise<Choice[]> {
  const found: Choice[] = [];
  for await (const { what, found: description, command } of discover(around(null))) {
    if (command) found.push({ label: what, description, command: () => Promise.resolve(command) });
  }
  return [
    ...found,
    {
      label: '$(folder-opened) Browse…',
      detail: 'The program pi, or a Python that has pi-server',
      command: browse,
    },
    {
      label: '$(edit) Type a Command…',
      detail: 'With arguments, such as those of a container',
      command: type,
    },
    {
      label: '$(search) Look for It Each Time',
      detail: 'In the interpreter of the Python extension, and on the PATH',
      command: () => Promise.resolve(null),
    },
  ];
}

async function browse(): Promise<Command | undefined> {
  const [file] = (await window.showOpenDialog({ title: TITLE, openLabel: 'Select' })) ?? [];
  if (!file) return undefined;
  const command = serveCommand(file.fsPath);
  const problem = await problemOf(command);
  if (problem !== null) throw new Error(problem);
  return command;
}

/** Stays open until the command is one that will do, or is given up. */
function type(): Promise<Command | undefined> {
  const input = window.createInputBox();
  const current = serverSettings().command;
  input.title = TITLE;
  prompt(input, 'The program and its arguments; the last is usually “serve”');
  input.value = current ? joined(current) : '';
  input.ignoreFocusOut = true;
  return new Promise<Command | undefined>((resolve) => {
    input.onDidChangeValue(() => complain(input, undefined));
    input.onDidAccept(async () => {
      input.busy = true;
      input.enabled = false;
      const { command, problem } = await judged(input.value);
      input.busy = false;
      input.enabled = true;
      complain(input, problem ?? undefined);
      if (problem === null) resolve(command);
    });
    input.onDidHide(() => resolve(undefined));
    input.show();
  }).finally(() => input.dispose());
}

async function judged(line: string): Promise<{ command: readonly string[]; problem: string | null }> {
  try {
    const command = words(line);
    return { command, problem: await problemOf(command) };
  } catch (error) {
    return { command: [], problem: sentenceOf(error) };
  }
}

async function problemOf(command: readonly string[]): Promise<string | null> {
  const surrounding = around(command);
  for await (const look of discover(surrounding)) {
    if (look.command === null) return `${look.what}: ${look.found}`;
    if ((await surrounding.version(look.command)) !== null) return null;
  }
  return `${joined(command)} is no pi server: it did not say its version when asked for it`;
}

function around(command: Command) {
  const settings = { ...serverSettings(), command };
  return surroundings(settings, environmentFor(settings, LogLevel.Info), new AbortController().signal);
}
