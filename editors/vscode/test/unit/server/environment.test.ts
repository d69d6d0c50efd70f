import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Around, serverEnvironment } from '../../../src/server/environment.ts';

const PROXY = 'http://ada:FAKEpassword@proxy.test:8080';
const quiet = {
  url: '',
  direct: [],
  supported: true,
  strict: true,
  systemCertificates: true,
  authorization: false,
};

function given(changes: Partial<Around>): ReturnType<typeof serverEnvironment> {
  return serverEnvironment({
    environ: {},
    proxy: quiet,
    useEditorProxy: true,
    over: {},
    logLevel: 'info',
    readable: () => true,
    ...changes,
  });
}

test('which variables the server gets', () => {
  const proxied = { ...quiet, url: PROXY, direct: ['a.test', 'b.test'] };
  const both = { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY, NO_PROXY: 'a.test,b.test' };
  const level = { PI_LOG_LEVEL: 'info' };
  const rows: [what: string, around: Partial<Around>, variables: Record<string, string>][] = [
    ['nothing', {}, level],
    ['the window’s own', { environ: { A: '1', B: undefined } }, { A: '1', ...level }],
    ['not Electron’s', { environ: { ELECTRON_RUN_AS_NODE: '1', PATH: '/bin' } }, { PATH: '/bin', ...level }],
    ['the editor’s proxy', { proxy: proxied }, { ...both, ...level }],
    ['not when it is not wanted', { proxy: proxied, useEditorProxy: false }, level],
    ['not when VS Code uses none', { proxy: { ...proxied, supported: false } }, level],
    [
      'not where the environment names one',
      { proxy: proxied, environ: { https_proxy: 'http://own.test' } },
      { https_proxy: 'http://own.test', HTTP_PROXY: PROXY, NO_PROXY: 'a.test,b.test', ...level },
    ],
    [
      'nor where it names one for all',
      { proxy: proxied, environ: { ALL_PROXY: 'http://own.test', NO_PROXY: '*' } },
      { ALL_PROXY: 'http://own.test', NO_PROXY: '*', ...level },
    ],
    [
      'an empty one is none',
      { proxy: { ...quiet, url: PROXY }, environ: { HTTPS_PROXY: ' ', HTTP_PROXY: '' } },
      { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY, ...level },
    ],
    [
      'the person’s over all, in either case',
      {
        proxy: proxied,
        environ: { https_proxy: 'http://own.test', A: '1' },
        over: { HTTPS_PROXY: 'http://my.test', A: '2' },
      },
      { HTTPS_PROXY: 'http://my.test', A: '2', HTTP_PROXY: PROXY, NO_PROXY: 'a.test,b.test', ...level },
    ],
    [
      'more certificates',
      { environ: { NODE_EXTRA_CA_CERTS: '/ca.pem' } },
      { NODE_EXTRA_CA_CERTS: '/ca.pem', SSL_CERT_FILE: '/ca.pem', ...level },
    ],
    [
      'the person’s certificates',
      { environ: { NODE_EXTRA_CA_CERTS: '/ca.pem' }, over: { SSL_CERT_FILE: '/my.pem' } },
      { NODE_EXTRA_CA_CERTS: '/ca.pem', SSL_CERT_FILE: '/my.pem', ...level },
    ],
    [
      'none that cannot be read',
      { environ: { NODE_EXTRA_CA_CERTS: '/ca.pem' }, readable: () => false },
      { NODE_EXTRA_CA_CERTS: '/ca.pem', ...level },
    ],
    ['another level', { over: { PI_LOG_LEVEL: 'debug' } }, { PI_LOG_LEVEL: 'debug' }],
  ];
  for (const [what, around, variables] of rows) assert.deepEqual(given(around).variables, variables, what);
});

test('whether the server’s level follows the log', () => {
  assert.equal(given({}).levelFollowsLog, true);
  assert.equal(given({ over: { PI_LOG_LEVEL: 'debug' } }).levelFollowsLog, false);
  assert.equal(given({ environ: { PI_LOG_LEVEL: 'debug' } }).levelFollowsLog, false);
});

test('where a variable comes from', () => {
  const { sources } = given({ proxy: { ...quiet, url: PROXY }, environ: { NODE_EXTRA_CA_CERTS: '/ca.pem' } });
  assert.deepEqual(sources, {
    HTTPS_PROXY: 'http.proxy',
    HTTP_PROXY: 'http.proxy',
    SSL_CERT_FILE: 'NODE_EXTRA_CA_CERTS',
    PI_LOG_LEVEL: 'the level of the log',
  });
});

test('what does not reach the server is said, without the address', () => {
  const rows: [around: Partial<Around>, said: RegExp][] = [
    [{ proxy: { ...quiet, strict: false } }, /^http\.proxyStrictSSL is off.*SSL_CERT_FILE/],
    [{ proxy: { ...quiet, systemCertificates: false } }, /^http\.systemCertificates is off/],
    [{ proxy: { ...quiet, url: PROXY, authorization: true } }, /^http\.proxyAuthorization does not reach/],
    [
      { proxy: { ...quiet, url: PROXY }, environ: { https_proxy: 'http://ada:FAKE@own.test' } },
      /http\.proxy is not used/,
    ],
    [{ environ: { NODE_EXTRA_CA_CERTS: '/a', SSL_CERT_FILE: '/b' } }, /name different files/],
    [{ environ: { NODE_EXTRA_CA_CERTS: '/a' }, readable: () => false }, /cannot be read/],
  ];
  for (const [around, said] of rows) {
    const { notes } = given(around);
    assert.equal(notes.length, 1, String(said));
    assert.match(notes[0] ?? '', said);
    assert.doesNotMatch(notes[0] ?? '', /FAKE|test/);
  }
  assert.deepEqual(given({ proxy: { ...quiet, authorization: true } }).notes, []);
});
