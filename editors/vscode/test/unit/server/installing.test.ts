import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { installCommand, installTools, isClone, quoted } from '../../../src/server/installing.ts';

const NONE = { pipx: undefined, uv: undefined, python: undefined, interpreter: undefined };

test('what is offered is what is there, the best first', () => {
  const all = {
    pipx: '/bin/pipx',
    uv: '/bin/uv',
    python: '/bin/python3',
    interpreter: '/my venv/bin/python',
  };
  assert.deepEqual(installTools(NONE), []);
  assert.deepEqual(
    installTools(all).map((tool) => installCommand(tool, '/a clone')),
    [
      "/bin/pipx install '/a clone'",
      "/bin/uv tool install '/a clone'",
      "'/my venv/bin/python' -m pip install '/a clone'",
      '/bin/python3 -m venv "$HOME/.local/share/pi-server" && "$HOME/.local/share/pi-server"/bin/pip install ' +
        '\'/a clone\' && mkdir -p "$HOME/.local/bin" && ' +
        'ln -sf "$HOME/.local/share/pi-server"/bin/pi "$HOME/.local/bin/pi"',
    ],
  );
});

test('a shell takes a name for one word', () => {
  for (const word of ['plain', 'two words', "it's", '$HOME `id` "x" \\', '*', '', 'ümlaut', '$&']) {
    assert.equal(execFileSync('/bin/sh', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' }), word);
    const [tool] = installTools({ ...NONE, pipx: 'printf' });
    assert.ok(tool);
    assert.ok(installCommand(tool, word).endsWith(quoted(word)));
  }
});

test('a name that would press Enter by itself is refused', () => {
  for (const word of ['a\nrm', 'a\rrm', 'a\u0003', '\u007f'])
    assert.throws(() => quoted(word), /control character/);
});

test('a clone is known by its name', () => {
  assert.equal(isClone('[project]\nname = "pi-server"\nversion = "1"'), true);
  assert.equal(isClone("name='pi-server'"), true);
  for (const other of ['', '[project]\nname = "pi"', '# name = "pi-server"', 'nickname = "pi-server"']) {
    assert.equal(isClone(other), false);
  }
});
