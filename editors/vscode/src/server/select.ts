// "pi: Select Server Program…": a program that is asked whether it is one before the setting names it.
// In: what the person chooses or types. Out: `pi.server.command` of this machine. Never here: a workspace's setting; a
// program of a folder that is not trusted.
import { ConfigurationTarget, type InputBox, LogLevel, type QuickPickItem, window, workspace } from 'vscode';
import { complain, prompt } from '../say.ts';
import { begin } from './begin.ts';
import { discover } from './discovery.ts';
import { sentenceOf } from './failures.ts';
import type { Pi } from './pi.ts';
import { serveCommand, servingCommand } from './programs.ts';
import { serverSettings } from './settings.ts';
import { refusal } from './spawning.ts';
import { environmentFor, surroundings } from './surroundings.ts';
import { joined, words } from './words.ts';

const TITLE = 'Select the pi Server';
const SETTING = 'pi.server.command';
const WHAT_TO_TYPE = 'The program and its arguments; the last is usually “serve”';

/** Null: look for it each time */
type Command = readonly string[] | null;
type Choice = QuickPickItem & { readonly command: () => Promise<Command | undefined> };

export async function select(server: Pi): Promise<void> {
  const choice = await window.showQuickPick<Choice>(choices(), {
    title: TITLE,
    placeHolder: 'Which program serves where this window runs?',
    matchOnDetail: true,
  });
  const command = await choice?.command();
  if (command === undefined) return;
  await workspace.getConfiguration().update(SETTING, command ?? undefined, ConfigurationTarget.Global);
  await begin(server);
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
  prompt(input, WHAT_TO_TYPE);
  input.value = current ? joined(current) : '';
  input.ignoreFocusOut = true;
  return new Promise<Command | undefined>((resolve) => {
    input.onDidChangeValue(() => complain(input, undefined));
    input.onDidAccept(async () => {
      if (input.busy) return;
      check(input, true);
      const { command, problem } = await judged(input.value);
      if (problem === null) return resolve(command);
      check(input, false);
      complain(input, problem);
    });
    input.onDidHide(() => resolve(undefined));
    input.show();
  }).finally(() => input.dispose());
}

/** It stays enabled: a disabled box loses the focus, and with it Esc. */
function check(input: InputBox, isOn: boolean): void {
  input.busy = isOn;
  prompt(input, isOn ? 'Asking the program what it is…' : WHAT_TO_TYPE);
}

async function judged(line: string): Promise<{ command: readonly string[]; problem: string | null }> {
  try {
    const command = servingCommand(words(line));
    return { command, problem: await problemOf(command) };
  } catch (error) {
    return { command: [], problem: sentenceOf(error) };
  }
}

async function problemOf(command: readonly string[]): Promise<string | null> {
  const settings = { ...serverSettings(), command };
  const refused = refusal(command, environmentFor(settings, LogLevel.Info));
  if (refused !== null) return refused;
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
