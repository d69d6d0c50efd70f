import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HealthResult, ProviderStatus } from '../../../src/protocol.ts';
import { type Facts, hostOf, report, shortened } from '../../../src/server/report.ts';

const OUT: ProviderStatus = {
  state: 'loggedOut',
  source: null,
  account: null,
  expiresAt: null,
  fallback: null,
  problem: null,
};
const HEALTH: HealthResult = {
  version: '0.1.0',
  protocolVersion: 1,
  pid: 4242,
  uptimeMs: 61_400,
  rssBytes: 42_100_000,
  agentDir: '/home/ada/.pi/agent',
  logFile: '/home/ada/.pi/agent/logs/pi-serve.log',
  openChats: 2,
  python: '3.12.1',
  providers: [
    {
      id: 'anthropic',
      name: 'Anthropic',
      loginMethods: [],
      status: {
        ...OUT,
        state: 'ready',
        source: 'oauth',
        account: 'ada@example.test',
        expiresAt: 0,
        fallback: 'env:ANTHROPIC_API_KEY',
      },
    },
    {
      id: 'openai',
      name: 'OpenAI',
      loginMethods: [],
      status: { ...OUT, problem: { code: 'store_unreadable', message: 'The file cannot be read' } },
    },
  ],
};
const FACTS: Facts = {
  versions: {
    Extension: '0.1.0',
    Editor: 'code-server 1.139.1, in a browser',
    Trust: 'the folder is trusted',
  },
  server: {
    phase: 'running',
    version: '0.1.0',
    pid: 4242,
    command: ['/home/ada/my bin/pi', 'serve', 'FAKEargument'],
  },
  lastCrash: { at: 0, how: 'it was ended by SIGKILL' },
  looks: [
    { place: 'interpreter', what: '/usr/bin/python3', found: 'a Python without pi-server', command: null },
    {
      place: 'path',
      what: '/home/ada/my bin/pi',
      found: 'pi-server 0.1.0',
      command: ['/home/ada/my bin/pi', 'serve'],
    },
  ],
  health: HEALTH,
  variables: {
    HTTPS_PROXY: 'http://ada:FAKEpassword@proxy.test:8080',
    no_proxy: 'a.test, b.test',
    SSL_CERT_FILE: '/home/ada/ca.pem',
    ANTHROPIC_API_KEY: 'FAKEkey',
    PI_AGENT_DIR: '/home/ada/.pi/agent',
    SHELL: '/bin/sh',
  },
  sources: { HTTPS_PROXY: 'http.proxy' },
  notes: ['http.proxyStrictSSL is off'],
  settings: {
    'pi.server.environment': { PI_AGENT_DIR: '/x', TOKEN: 'FAKEtoken' },
    'pi.server.command': ['/home/ada/my bin/pi', 'FAKEargument'],
    'pi.model': 'anthropic/x',
  },
  complaints: ['The setting pi.chat.sendWith must be "enter" or "modifierEnter"; it counts as not set'],
  log: ['one', '```', 'code=FAKE-123'],
  home: '/home/ada',
};

test('everything that a bug report needs, and nothing that is secret', () => {
  assert.equal(
    report(FACTS),
    `# pi diagnostics

For a bug report. Keys, codes and tokens are not in here; read it before you send it all the same.

## Versions

- Extension: 0.1.0
- Editor: code-server 1.139.1, in a browser
- Trust: the folder is trusted

## Server

- State: running
- Command: \`~/my bin/pi\` and 2 arguments
- Last crash: 1970-01-01T00:00:00.000Z, it was ended by SIGKILL
- Interpreter of the Python extension: \`/usr/bin/python3\`, a Python without pi-server
- Found on the PATH: \`~/my bin/pi\`, pi-server 0.1.0
- Server: pi-server 0.1.0, protocol 1, process 4242
- Up: 61 s, 42 MB, 2 chats open
- Python: 3.12.1
- Files: \`~/.pi/agent\`
- Server’s log: \`~/.pi/agent/logs/pi-serve.log\`
- More: run \`pi doctor\` in a terminal; it checks files, endpoints, proxy and certificates

## Accounts

- Anthropic: ready, from oauth, as ad…, until 1970-01-01T00:00:00.000Z, else env:ANTHROPIC_API_KEY
- OpenAI: loggedOut, problem store_unreadable: The file cannot be read

## Network

- Proxy: yes
- HTTPS_PROXY: http://proxy.test:8080 (from http.proxy)
- no_proxy: 2 entries
- SSL_CERT_FILE: \`~/ca.pem\`
- Variables of pi and the providers that are set: ANTHROPIC_API_KEY, PI_AGENT_DIR
- http.proxyStrictSSL is off

## Settings that differ from the default

- pi.server.environment: \`["PI_AGENT_DIR","TOKEN"]\`
- pi.server.command: \`~/my bin/pi\` and 1 argument
- pi.model: \`"anthropic/x"\`
- The setting pi.chat.sendWith must be "enter" or "modifierEnter"; it counts as not set

## Log

\`\`\`\`text
one
\`\`\`
code=[REDACTED]
\`\`\`\`
`,
  );
});

test('without a server it says why', () => {
  const text = report({
    ...FACTS,
    server: { phase: 'missing', reason: 'No pi server was found' },
    lastCrash: undefined,
    looks: [],
    health: 'not asked, for the server is missing',
    variables: {},
    sources: {},
    notes: [],
    settings: {},
    complaints: [],
    log: [],
  });
  for (const line of [
    '- State: missing. No pi server was found',
    '- Health: not asked, for the server is missing',
    'Not known: the server was not asked.',
    '- Proxy: no',
    '- Variables of pi and the providers that are set: none',
    'None.',
  ]) {
    assert.ok(text.split('\n').includes(line), line);
  }
});

test('of a setting that is of another type no more is shown than its name and the type', () => {
  const rows: [name: string, value: unknown, shown: string][] = [
    ['pi.server.environment', 'TOKEN=FAKEtoken', 'string, not shown'],
    ['pi.server.environment', ['FAKEtoken'], 'array, not shown'],
    ['pi.server.environment', null, 'null, not shown'],
    ['pi.server.environment', { 'X=FAKEtoken': '', A: 1 }, '`["X","A"]`'],
    ['pi.server.command', 'wrap FAKEtoken pi serve', 'string, not shown'],
    ['pi.server.command', { FAKEtoken: 1 }, 'object, not shown'],
    ['pi.server.command', [1, 'FAKEtoken'], '`1` and 1 argument'],
    ['pi.chat.sendWith', { a: 1 }, '`{"a":1}`'],
    ['pi.model', null, '`null`'],
  ];
  for (const [name, value, shown] of rows) {
    const text = report({ ...FACTS, settings: { [name]: value } });
    assert.ok(text.split('\n').includes(`- ${name}: ${shown}`), `${name} ${JSON.stringify(value)}`);
    assert.doesNotMatch(text, /FAKEtoken/);
  }
});

test('where an address leads, without who may use it', () => {
  const rows: [address: string, host: string][] = [
    ['http://ada:FAKE@proxy.test:8080/x?y', 'http://proxy.test:8080'],
    ['ada:FAKE@proxy.test:8080', 'http://proxy.test:8080'],
    ['socks5://127.0.0.1:1080', 'socks5://127.0.0.1:1080'],
    ['http://', 'set, but no address'],
    ['FAKE FAKE', 'set, but no address'],
  ];
  for (const [address, host] of rows) assert.equal(hostOf(address), host);
});

test('enough of an account to tell two apart', () => {
  assert.deepEqual(['ada@example.test', 'ada', 'ab', ''].map(shortened), ['ad…', 'ad…', '…', '…']);
});
