// The editor's settings that concern the server, as one value. In: VS Code's configuration, and whether the folder is
// trusted. Out: a plain object; two of them are compared to know whether a restart is due.
// Never here: a workspace's value in a folder that the person does not trust.
import { workspace } from 'vscode';

export interface ServerSettings {
  /** `pi.server.command`; null: look for it */
  readonly command: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly useEditorProxy: boolean;
  readonly proxy: EditorProxy;
}

export interface EditorProxy {
  readonly url: string;
  readonly direct: readonly string[];
  /** `http.proxySupport` is not "off" */
  readonly supported: boolean;
  readonly strict: boolean;
  readonly systemCertificates: boolean;
  /** Whether `http.proxyAuthorization` is set; its value is of no use here */
  readonly authorization: boolean;
}

/** What the server takes from editors, and may change while it runs */
export interface EditorSection {
  readonly model?: string;
  readonly logLevel?: 'debug' | 'info' | 'warning' | 'error';
}

export const RESTARTED_BY = ['pi.server', 'http'];

export function serverSettings(): ServerSettings {
  return {
    command: texts(setting('pi.server.command')),
    environment: variables(setting('pi.server.environment')),
    useEditorProxy: setting('pi.server.useEditorProxy') !== false,
    proxy: {
      url: text(setting('http.proxy')),
      direct: texts(setting('http.noProxy')) ?? [],
      supported: setting('http.proxySupport') !== 'off',
      strict: setting('http.proxyStrictSSL') !== false,
      systemCertificates: setting('http.systemCertificates') !== false,
      authorization: Boolean(setting('http.proxyAuthorization')),
    },
  };
}

/** `pi.model`, or nothing where none is set */
export function modelSetting(): Pick<EditorSection, 'model'> {
  const model = text(setting('pi.model'));
  return model ? { model } : {};
}

/** The settings of the server that differ from the default, by name, for the diagnostics */
export function changedSettings(): Readonly<Record<string, unknown>> {
  const names = [
    'pi.server.command',
    'pi.server.environment',
    'pi.server.useEditorProxy',
    'pi.model',
    'pi.chat.approval',
    'pi.chat.sendWith',
    'pi.codeActions',
    'pi.languageModels',
  ];
  const changed = names.flatMap((name) => {
    const value = setting(name);
    const usual = workspace.getConfiguration().inspect(name)?.defaultValue;
    return JSON.stringify(value) === JSON.stringify(usual) ? [] : [[name, value] as const];
  });
  return Object.fromEntries(changed);
}

/** `restrictedConfigurations` of the manifest says the same to VS Code; this holds for `http.*` and older versions too. */
function setting(name: string): unknown {
  const configuration = workspace.getConfiguration();
  if (workspace.isTrusted) return configuration.get(name);
  const known = configuration.inspect(name);
  return known?.globalValue ?? known?.defaultValue;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function texts(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  const given = value.filter((item): item is string => typeof item === 'string');
  return given.length === 0 ? null : given;
}

function variables(value: unknown): Readonly<Record<string, string>> {
  const given = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(given.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
