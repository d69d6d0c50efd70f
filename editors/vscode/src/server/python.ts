// The Python extension of this window, where it is installed. In: VS Code. Out: a path, an event.
// Never here: what it is asked and how long (`interpreter.ts`).
import { extensions, workspace } from 'vscode';
import { environmentsOf, interpreterOf, type PythonApi } from './interpreter.ts';

const ID = 'ms-python.python';
/** A person who waits for a server may wait for it */
const ANSWER_MS = 10_000;

/** The interpreter of this workspace, or null. `wake` activates the extension where it is installed and sleeps. */
export async function activeInterpreter(
  wake: boolean,
  signal = new AbortController().signal,
): Promise<string | null> {
  const extension = extensions.getExtension<PythonApi>(ID);
  const resource = workspace.workspaceFolders?.[0]?.uri;
  return extension ? interpreterOf(extension, { wake, resource, signal, ms: ANSWER_MS }) : null;
}

/** Fires when another interpreter is chosen; only for an extension that is active already. */
export async function onDidChangeInterpreter(listener: () => void): Promise<{ dispose(): void } | undefined> {
  const extension = extensions.getExtension<PythonApi>(ID);
  try {
    const environments = extension && (await environmentsOf(extension, false));
    return environments?.onDidChangeActiveEnvironmentPath(listener);
  } catch {
    return undefined;
  }
}
