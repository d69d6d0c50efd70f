// The editor's settings that concern the server, as one value. In: our settings, and those of VS Code's own network.
// Out: a plain object; two of them are compared to know whether a restart is due.
// Never here: what a setting of ours may be (`../settingKinds.ts`), or who may set it (`../settings.ts`).
import { given, setting } from '../settings.ts';

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
    command: setting('pi.server.command'),
    environment: setting('pi.server.environment'),
    useEditorProxy: setting('pi.server.useEditorProxy'),
    proxy: {
      url: text(given('http.proxy')),
      direct: texts(given('http.noProxy')),
      supported: given('http.proxySupport') !== 'off',
      strict: given('http.proxyStrictSSL') !== false,
      systemCertificates: given('http.systemCertificates') !== false,
      authorization: Boolean(given('http.proxyAuthorization')),
    },
  };
}

/** `pi.model`, or nothing where none is set */
export function modelSetting(): Pick<EditorSection, 'model'> {
  const model = setting('pi.model');
  return model ? { model } : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
