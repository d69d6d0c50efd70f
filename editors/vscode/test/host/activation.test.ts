// The extension as VS Code sees it: it sleeps until it is used, and then everything that the manifest names is there.
import assert from 'node:assert/strict';
import { setImmediate as immediately } from 'node:timers/promises';
import { suite, suiteSetup, test } from 'mocha';
import { commands, extensions, workspace } from 'vscode';
import manifest from '../../package.json' with { type: 'json' };

const ID = `${manifest.publisher}.${manifest.name}`;
const { configuration, walkthroughs } = manifest.contributes;
const COMMANDS = manifest.contributes.commands.map(({ command }) => command).sort();
const settings: Readonly<Record<string, { readonly default: unknown }>> = configuration.properties;

function extension() {
  const found = extensions.getExtension(ID);
  assert(found, `${ID} is not installed`);
  return found;
}

async function handled(): Promise<readonly string[]> {
  const known = await commands.getCommands(true);
  return known.filter((command) => COMMANDS.includes(command)).sort();
}

suite('before it is used', () => {
  test('the extension is not active', () => {
    assert.equal(extension().isActive, false);
  });

  test('none of its commands has a handler', async () => {
    assert.deepEqual(await handled(), []);
    assert.equal(extension().isActive, false);
  });
});

suite('used', () => {
  suiteSetup(() => commands.executeCommand('pi.chat.focus'));

  test('the view activates it', async () => {
    while (!extension().isActive) await immediately();
  });

  test('every command has a handler', async () => {
    assert.deepEqual(await handled(), COMMANDS);
  });

  test('where the files are', () => {
    assert.deepEqual(extension().packageJSON.extensionKind, ['workspace']);
  });
});

suite('the manifest', () => {
  test('ten settings at most, each with its default', () => {
    const names = Object.keys(settings);
    assert(names.length <= 10, `${names.length} settings`);
    const known = workspace.getConfiguration();
    assert.deepEqual(
      Object.fromEntries(names.map((name) => [name, known.inspect(name)?.defaultValue])),
      Object.fromEntries(names.map((name) => [name, settings[name]?.default])),
    );
  });

  test('four steps', () => {
    assert.deepEqual(
      walkthroughs.map(({ steps }) => steps.map(({ id }) => id)),
      [['server', 'signIn', 'model', 'chat']],
    );
  });
});
