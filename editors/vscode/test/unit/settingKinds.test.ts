import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { complaintsAbout, SETTINGS, type SettingName, settingOf } from '../../src/settingKinds.ts';

/** One of each type that JSON has */
const ANYTHING: readonly unknown[] = [42, 'maybe', '', ['a'], [1, 2], { a: 1 }, null, true, false];
const NAMES = Object.keys(SETTINGS) as SettingName[];
const { properties } = manifest.contributes.configuration;

describe('settings', () => {
  it('are those of the manifest, with its defaults and its values', () => {
    assert.deepEqual(NAMES.toSorted(), Object.keys(properties).toSorted());
    for (const name of NAMES) {
      const declared: { default: unknown; enum?: readonly string[] } = properties[name];
      assert.deepEqual(settingOf(name, undefined), declared.default, name);
      assert.deepEqual(complaintsAbout(name, declared.default), [], name);
      for (const value of declared.enum ?? []) assert.equal(settingOf(name, value), value, name);
    }
  });

  it('count as not set when something else stands there, and it is said once what they should be', () => {
    const fitting: Readonly<Record<SettingName, readonly unknown[]>> = {
      'pi.server.command': [['a'], null],
      'pi.server.environment': [],
      'pi.server.useEditorProxy': [true, false],
      'pi.model': ['maybe', ''],
      'pi.chat.approval': [],
      'pi.chat.sendWith': [],
      'pi.codeActions': [true, false],
      'pi.languageModels': [true, false],
    };
    for (const name of NAMES)
      for (const given of ANYTHING) {
        const what = `${name}: ${JSON.stringify(given)}`;
        const fits = fitting[name].some((one) => JSON.stringify(one) === JSON.stringify(given));
        assert.deepEqual(settingOf(name, given), fits ? given : properties[name].default, what);
        assert.equal(complaintsAbout(name, given).length, fits ? 0 : 1, what);
      }
  });

  const complaints: [name: SettingName, given: unknown, complaint: string][] = [
    [
      'pi.server.command',
      'pi serve',
      'must be a list of words, such as ["/home/ada/.local/bin/pi", "serve"], or null; it counts as not set',
    ],
    [
      'pi.server.environment',
      ['a'],
      'must be an object of names and text, such as {"PI_AGENT_DIR": "/data/pi"}; it counts as not set',
    ],
    ['pi.server.environment', { N: 5 }, 'has "N", whose value must be text; it is left out'],
    [
      'pi.server.environment',
      { 'A=B': 'x' },
      'has a name with "=" in it, which begins with "A"; it is left out',
    ],
    ['pi.server.environment', { '': 'x' }, 'has a variable without a name; it is left out'],
    ['pi.server.useEditorProxy', 'yes', 'must be true or false; it counts as not set'],
    ['pi.model', 42, 'must be text, such as "anthropic/claude-sonnet-5-5"; it counts as not set'],
    ['pi.chat.approval', ['auto'], 'must be "ask", "readOnly" or "auto"; it counts as not set'],
    ['pi.chat.sendWith', { a: 1 }, 'must be "enter" or "modifierEnter"; it counts as not set'],
  ];
  for (const [name, given, complaint] of complaints)
    it(`${name} as ${JSON.stringify(given)} ${complaint}`, () =>
      assert.deepEqual(complaintsAbout(name, given), [`The setting ${name} ${complaint}`]));

  it('keep the variables that are right, and never name the value of one that is not', () => {
    const given = { PI_AGENT_DIR: '/x', EMPTY: '', KEY: ['FAKEkey'], 'A=FAKEtoken': 'FAKEtoken', Z: null };
    assert.deepEqual(settingOf('pi.server.environment', given), { PI_AGENT_DIR: '/x', EMPTY: '' });
    const said = complaintsAbout('pi.server.environment', given).join('\n');
    assert.equal(said.match(/left out/g)?.length, 3);
    assert.doesNotMatch(said, /FAKEkey|FAKEtoken/);
  });

  it('name no program in an empty list', () => assert.equal(settingOf('pi.server.command', []), null));

  it('lose the blanks around a model', () => assert.equal(settingOf('pi.model', ' a/b '), 'a/b'));
});
