// What the Python extension says about the interpreter of this workspace. In: its API, where it is installed.
// Out: a path, an event. Never here: a Python that is run.
import { type Event, extensions, workspace } from 'vscode';

/** As much of its API as is used; older versions lack it */
interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: unknown): { readonly path: string };
    resolveEnvironment(
      environment: unknown,
    ): Promise<{ readonly executable: { readonly uri?: { readonly fsPath: string } } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: Event<unknown>;
  };
}

const ID = 'ms-python.python';

/** The interpreter, or null. `wake` activates the extension where it is installed and sleeps. */
export async function activeInterpreter(wake: boolean): Promise<string | null> {
  try {
    const environments = await environmentsOf(wake);
    const active = environments?.getActiveEnvironmentPath(workspace.workspaceFolders?.[0]?.uri);
    const resolved = active && (await environments?.resolveEnvironment(active));
    return resolved?.executable.uri?.fsPath ?? null;
  } catch {
    return null; // another extension's trouble is not this one's
  }
}

/** Fires when another interpreter is chosen; only for an extension that is active already. */
export async function onDidChangeInterpreter(listener: () => void): Promise<{ dispose(): void } | undefined> {
  try {
    return (await environmentsOf(false))?.onDidChangeActiveEnvironmentPath(listener);
  } catch {
    return undefined;
  }
}

async function environmentsOf(wake: boolean): Promise<PythonApi['environments']> {
  const extension = extensions.getExtension<PythonApi>(ID);
  if (!extension) return undefined;
  if (extension.isActive) return extension.exports.environments;
  return wake ? (await extension.activate()).environments : undefined;
}
