// The environment that the server gets. In: the window's own, the editor's proxy and certificate settings, the person's
// variables. Out: the variables, and a sentence for each setting that does not reach the server.
// Never here: `process.env`, a file; a proxy's address in a sentence, which may hold a password.
import type { EditorProxy } from './settings.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export interface Around {
  readonly environ: Variables;
  readonly proxy: EditorProxy;
  readonly useEditorProxy: boolean;
  /** `pi.server.environment` */
  readonly over: Readonly<Record<string, string>>;
  readonly logLevel: string;
  /** Whether the file can be read */
  readable(path: string): boolean;
}

export interface ServerEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  /** By variable: where its value comes from, for the diagnostics */
  readonly sources: Readonly<Record<string, string>>;
  /** Whether the log's level is the server's: not when a variable names another */
  readonly levelFollowsLog: boolean;
}

// Of no use to Python, and wrong for whatever a tool may run.
const DROPPED = new Set(['ELECTRON_RUN_AS_NODE', 'ELECTRON_NO_ASAR']);
// The server reads both spellings of these, the lower-case one first.
const PROXY_NAMES = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY']);

export function serverEnvironment(around: Around): ServerEnvironment {
  const own = withPersons(around.environ, around.over);
  const level = set(own, 'PI_LOG_LEVEL');
  const added: Added[] = [
    ...proxy(around, own),
    ...certificates(around, own),
    ...(level ? [] : [{ name: 'PI_LOG_LEVEL', value: around.logLevel, source: 'the level of the log' }]),
  ];
  return {
    variables: { ...own, ...Object.fromEntries(added.map(({ name, value }) => [name, value])) },
    notes: notes(around, own),
    sources: Object.fromEntries(added.map(({ name, source }) => [name, source])),
    levelFollowsLog: !level,
  };
}

interface Added {
  readonly name: string;
  readonly value: string;
  readonly source: string;
}

/** The person's variables win, in whichever case a proxy's is written. */
function withPersons(environ: Variables, over: Readonly<Record<string, string>>): Record<string, string> {
  const replaced = new Set(Object.keys(over).map((name) => name.toUpperCase()));
  const kept = Object.entries(environ).filter(([name]) => {
    const upper = name.toUpperCase();
    return !DROPPED.has(name) && !(PROXY_NAMES.has(upper) && replaced.has(upper));
  });
  const known = kept.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(known), ...over };
}

/** Empty counts as not set, for the server too. */
function set(variables: Variables, ...names: readonly string[]): boolean {
  return names.some((name) => [name, name.toLowerCase()].some((spelt) => variables[spelt]?.trim()));
}

function proxy({ proxy, useEditorProxy }: Around, own: Variables): Added[] {
  if (!useEditorProxy || !proxy.supported) return [];
  const given: readonly [name: string, value: string, source: string, unless: readonly string[]][] = [
    ['HTTPS_PROXY', proxy.url, 'http.proxy', ['HTTPS_PROXY', 'ALL_PROXY']],
    ['HTTP_PROXY', proxy.url, 'http.proxy', ['HTTP_PROXY', 'ALL_PROXY']],
    ['NO_PROXY', proxy.direct.join(','), 'http.noProxy', ['NO_PROXY']],
  ];
  return given
    .filter(([, value, , unless]) => value !== '' && !set(own, ...unless))
    .map(([name, value, source]) => ({ name, value, source }));
}

// For the server SSL_CERT_FILE adds to what the machine trusts, as NODE_EXTRA_CA_CERTS does for the editor; for most
// programs in Python it would replace it.
function certificates({ readable }: Around, own: Variables): Added[] {
  const extra = own.NODE_EXTRA_CA_CERTS;
  if (!extra || set(own, 'SSL_CERT_FILE') || !readable(extra)) return [];
  return [{ name: 'SSL_CERT_FILE', value: extra, source: 'NODE_EXTRA_CA_CERTS' }];
}

function notes({ proxy, useEditorProxy, readable }: Around, own: Variables): string[] {
  const extra = own.NODE_EXTRA_CA_CERTS;
  const file = own.SSL_CERT_FILE;
  const uses = useEditorProxy && proxy.supported && proxy.url !== '';
  const given: readonly [when: boolean, note: string][] = [
    [
      !proxy.strict,
      'http.proxyStrictSSL is off, which the server does not follow: it checks every certificate. Name the file of ' +
        "your proxy's certificate in SSL_CERT_FILE, in pi.server.environment",
    ],
    [
      !proxy.systemCertificates,
      'http.systemCertificates is off, which the server does not follow: it trusts what the machine trusts',
    ],
    [
      uses && proxy.authorization,
      'http.proxyAuthorization does not reach the server: put the name and password into the address of the proxy',
    ],
    [uses && set(own, 'HTTPS_PROXY', 'ALL_PROXY'), 'The environment names a proxy; http.proxy is not used'],
    [
      Boolean(extra && file && extra !== file),
      'SSL_CERT_FILE and NODE_EXTRA_CA_CERTS name different files; the server reads the first alone',
    ],
    [Boolean(extra && !file && !readable(extra)), 'NODE_EXTRA_CA_CERTS names a file that cannot be read'],
  ];
  return given.filter(([when]) => when).map(([, note]) => note);
}
