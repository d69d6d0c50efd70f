// What the Python extension says about an interpreter, for as long as it is worth waiting for: it may be waking up, ask
// the person something, or never answer. In: that extension, a signal, a limit. Out: a path, or null.
// Never here: VS Code; a Python that is run.
import type { Event } from 'vscode';

/** As much of its API as is used; older versions lack it */
export interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: unknown): { readonly path: string };
    resolveEnvironment(
      environment: unknown,
    ): Promise<{ readonly executable: { readonly uri?: { readonly fsPath: string } } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: Event<unknown>;
  };
}

/** An extension as VS Code hands it out */
export interface PythonExtension {
  readonly isActive: boolean;
  readonly exports: PythonApi;
  activate(): Thenable<PythonApi>;
}

export interface Wanted {
  /** Whether one that sleeps is activated */
  readonly wake: boolean;
  /** The folder that it is for */
  readonly resource: unknown;
  /** Aborted, nobody waits for the answer any more */
  readonly signal: AbortSignal;
  readonly ms: number;
}

/** Null as well where it fails, or does not answer in time: another extension's trouble is not this one's. */
export async function interpreterOf(extension: PythonExtension, wanted: Wanted): Promise<string | null> {
  const { signal, ms } = wanted;
  if (signal.aborted) return null;
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, ms);
  signal.addEventListener('abort', end);
  try {
    return await new Promise<string | null>((resolve) => {
      over.signal.addEventListener('abort', () => resolve(null));
      told(extension, wanted).then(resolve, end);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

async function told(extension: PythonExtension, { wake, resource }: Wanted): Promise<string | null> {
  const environments = await environmentsOf(extension, wake);
  const active = environments?.getActiveEnvironmentPath(resource);
  const resolved = active && (await environments?.resolveEnvironment(active));
  return resolved?.executable.uri?.fsPath ?? null;
}

export async function environmentsOf(
  extension: PythonExtension,
  wake: boolean,
): Promise<PythonApi['environments']> {
  if (extension.isActive) return extension.exports.environments;
  return wake ? (await extension.activate()).environments : undefined;
}
