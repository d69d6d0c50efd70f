// The diagnostics as Markdown. In: facts. Out: a document that a person can read and put into a bug report.
// Never here: gathering; a credential, a whole account's name, a variable's value that is not shown below.
import { plural } from '../chat/numbers.ts';
import type { HealthResult, Provider } from '../protocol.ts';
import type { Look } from './discovery.ts';
import type { ServerState } from './pi.ts';
import { redact } from './redaction.ts';

export interface Facts {
  readonly versions: Readonly<Record<string, string>>;
  readonly server: ServerState;
  readonly lastCrash: { readonly at: number; readonly how: string } | undefined;
  readonly looks: readonly Look[];
  /** Or why there is none */
  readonly health: HealthResult | string;
  /** What the server gets, or would get */
  readonly variables: Readonly<Record<string, string>>;
  /** By variable: the setting that it comes from */
  readonly sources: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  /** As they stand there, of whatever type */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What is wrong with them */
  readonly complaints: readonly string[];
  readonly log: readonly string[];
  readonly home: string;
}

export function report(facts: Facts): string {
  const sections: readonly [title: string, lines: readonly string[]][] = [
    ['Versions', rows(facts.versions)],
    ['Server', server(facts)],
    ['Accounts', accounts(facts.health)],
    ['Network', network(facts)],
    ['Settings that differ from the default', settings(facts)],
    ['Log', fenced(facts.log)],
  ];
  const text = [
    '# pi diagnostics',
    '',
    'For a bug report. Keys, codes and tokens are not in here; read it before you send it all the same.',
    ...sections.flatMap(([title, lines]) => [
      '',
      `## ${title}`,
      '',
      ...(lines.length > 0 ? lines : ['None.']),
    ]),
    '',
  ].join('\n');
  return redact(facts.home.length > 1 ? text.replaceAll(facts.home, '~') : text);
}

/** Enough to tell two accounts apart */
export function shortened(account: string): string {
  return account.length <= 2 ? '…' : `${account.slice(0, 2)}…`;
}

/** Where a proxy or an endpoint is, without who may use it */
export function hostOf(address: string): string {
  try {
    const { protocol, host } = new URL(address.includes('://') ? address : `http://${address}`);
    return host ? `${protocol}//${host}` : 'set, but no address';
  } catch {
    return 'set, but no address';
  }
}

function rows(facts: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(facts).map(([name, value]) => row(name, value));
}

function row(name: string, value: string): string {
  return `- ${name}: ${value}`;
}

function server({ server, lastCrash, looks, health }: Facts): readonly string[] {
  return [
    row('State', server.reason ? `${server.phase}. ${server.reason}` : server.phase),
    ...(server.command ? [row('Command', program(server.command))] : []),
    ...(lastCrash ? [row('Last crash', `${time(lastCrash.at)}, ${lastCrash.how}`)] : []),
    ...looks.map(({ place, what, found }) => row(PLACES[place], `${code(what)}, ${found}`)),
    ...(typeof health === 'string' ? [row('Health', health)] : healthy(health)),
    row('More', 'run `pi doctor` in a terminal; it checks files, endpoints, proxy and certificates'),
  ];
}

const PLACES = {
  setting: 'Named by pi.server.command',
  interpreter: 'Interpreter of the Python extension',
  path: 'Found on the PATH',
} as const;

function healthy(health: HealthResult): readonly string[] {
  const { version, protocolVersion, pid, uptimeMs, rssBytes, python, agentDir, logFile, openChats } = health;
  return [
    row('Server', `pi-server ${version}, protocol ${protocolVersion}, process ${pid}`),
    row('Up', `${Math.round(uptimeMs / 1000)} s, ${Math.round(rssBytes / 1e6)} MB, ${openChats} chats open`),
    row('Python', python),
    row('Files', code(agentDir)),
    row('Server’s log', logFile === null ? 'none' : code(logFile)),
  ];
}

function accounts(health: HealthResult | string): readonly string[] {
  if (typeof health === 'string') return ['Not known: the server was not asked.'];
  return health.providers.map(({ name, status }) => row(name, statusOf(status)));
}

function statusOf({ state, source, account, expiresAt, fallback, problem }: Provider['status']): string {
  return [
    state,
    ...(source === null ? [] : [`from ${source}`]),
    ...(account === null ? [] : [`as ${shortened(account)}`]),
    ...(expiresAt === null ? [] : [`until ${time(expiresAt)}`]),
    ...(fallback === null ? [] : [`else ${fallback}`]),
    ...(problem === null ? [] : [`problem ${problem.code}: ${problem.message}`]),
  ].join(', ');
}

const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];
const FILES = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'];
const OURS = /^(?:PI_|ANTHROPIC_|OPENAI_|COPILOT_)/;

function network({ variables, sources, notes }: Facts): readonly string[] {
  const line = (name: string, value: string) =>
    row(name, sources[name] ? `${value} (from ${sources[name]})` : value);
  const spelt = (name: string) => [name.toLowerCase(), name].find((spelling) => variables[spelling]);
  const shown = (names: readonly string[], show: (value: string) => string) =>
    names.flatMap((name) => {
      const spelling = spelt(name);
      return spelling ? [line(spelling, show(variables[spelling] ?? ''))] : [];
    });
  const proxies = shown(PROXIES, hostOf);
  const ours = Object.keys(variables).filter((name) => OURS.test(name));
  return [
    row('Proxy', proxies.length > 0 ? 'yes' : 'no'),
    ...proxies,
    ...shown(['NO_PROXY'], (value) => `${value.split(/[\s,]+/).filter(Boolean).length} entries`),
    ...shown(FILES, code),
    row(
      'Variables of pi and the providers that are set',
      ours.length > 0 ? ours.toSorted().join(', ') : 'none',
    ),
    ...notes.map((note) => `- ${note}`),
  ];
}

/** What stands in other settings is no secret. */
function settings({ settings, complaints }: Facts): readonly string[] {
  return [
    ...Object.entries(settings).map(([name, value]) =>
      row(name, (SHOWN[name] ?? written)(value) ?? `${typeName(value)}, not shown`),
    ),
    ...complaints.map((complaint) => `- ${complaint}`),
  ];
}

/** Undefined where it is of no type that could be shown in part */
const SHOWN: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  'pi.server.environment': (value) => (typeName(value) === 'object' ? names(Object(value)) : undefined),
  'pi.server.command': (value) => (Array.isArray(value) ? program(value.map(String)) : undefined),
};

function names(variables: object): string {
  return written(Object.keys(variables).map((name) => name.split('=', 1)[0]));
}

function written(value: unknown): string {
  return code(JSON.stringify(value));
}

/** As JSON calls it */
function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The arguments may be anything, a key for some wrapper too. */
function program([file = '', ...args]: readonly string[]): string {
  return `${code(file)} and ${plural(args.length, 'argument')}`;
}

function fenced(lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const longest = Math.max(
    3,
    ...lines.map((line) => Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length))),
  );
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, ...lines, fence];
}

function code(text: string): string {
  return text.includes('`') ? text : `\`${text}\``;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
