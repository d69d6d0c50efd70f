import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARK, redact } from '../../../src/server/redaction.ts';

// The shapes are held against the server's own redaction by tests/editors/vscode/test_redaction.py; these rows show them.
test('what is a secret goes, and its name stays', () => {
  const rows: [text: string, redacted: string][] = [
    ['key sk-ant-api03-FAKE_key-0000 given', `key ${MARK} given`],
    ['ghu_FAKE0000111122223333', MARK],
    ['Bearer FAKE0000.abc', `Bearer ${MARK}`],
    ['Authorization: Bearer FAKE1234', `Authorization: ${MARK}`],
    ['{"code": "FAKE-123", "state": "FAKE-4", "n": 5}', `{"code": "${MARK}", "state": "${MARK}", "n": 5}`],
    ['POST /token?code=FAKE-123&state=FAKE-4&n=1', `POST /token?code=${MARK}&state=${MARK}&n=1`],
    ['eyJGQUtFMGNhbmFyeSI6MX0.eyJGQUtFIjoyfQ.FAKE-signature', MARK],
    ['FAKE0canaryCODE-abcdef#FAKE0canarySTATE-klmnop', MARK],
    ['HTTPS_PROXY=http://ada:FAKE@pw@proxy.test:8080', `HTTPS_PROXY=http://${MARK}@proxy.test:8080`],
    ['apiKey: FAKE-key', `apiKey: ${MARK}`],
    ['ada:FAKE@pw@proxy.test:3128 refused', `${MARK}@proxy.test:3128 refused`],
    ['x-api-key FAKE0000-key', `x-api-key ${MARK}`],
    ['wrap --api-key FAKE0000-key serve', `wrap --api-key ${MARK} serve`],
    ['["--token", "FAKE0000-key", "x"]', `["--token", "${MARK}", "x"]`],
    ['gsk_FAKE0000111122223333 AIzaFAKE-0000111122223333', `${MARK} ${MARK}`],
    ['first\nsecond\ncode=FAKE-1\n', `first\nsecond\ncode=${MARK}\n`],
  ];
  for (const [text, redacted] of rows) {
    assert.equal(redact(text), redacted);
    assert.equal(redact(redacted), redacted);
  }
});

test('what is none stays', () => {
  for (const text of [
    '',
    '{"code": "login_required", "message": "Sign in first"}',
    'state=ready code=rate_limited',
    'exit code 1; the key is under the mat; the state of the art: fine',
    'issue owner/name#1234 and a#b, mail me@host.test',
    'see --token FILE, --api-key; --token is required; the x-api-key header',
    'a:b@host, pull image:tag@sha256:12ab34, http://a.test:80 b@c.test:80',
    'Looked at /usr/bin/pi (path): pi-server 0.1.0',
  ]) {
    assert.equal(redact(text), text);
  }
});
