// All settings of ours, as they count now. In: VS Code's configuration, and whether the folder is trusted. Out: values
// of the right type, whatever stands there, and a warning in the log for what is of another.
// Never here: what a type is (`settingKinds.ts`); a workspace's value in a folder that the person does not trust.
import { type Disposable, type Uri, workspace } from 'vscode';
import { complaintsAbout, SETTINGS, type SettingName, type Settings, settingOf } from './settingKinds.ts';

const NAMES = Object.keys(SETTINGS) as readonly SettingName[];

export function setting<Name extends SettingName>(name: Name, scope?: Uri): Settings[Name] {
  return settingOf(name, given(name, scope));
}

/** What stands in a setting, anybody's. `restrictedConfigurations` of the manifest says the same to VS Code; this holds
 * for `http.*` and older versions too. */
export function given(name: string, scope?: Uri): unknown {
  const configuration = workspace.getConfiguration(undefined, scope);
  if (workspace.isTrusted) return configuration.get(name);
  const known = configuration.inspect(name);
  return known?.globalValue ?? known?.defaultValue;
}

/** Those that differ from the default, by name, as they stand there */
export function changedSettings(): Readonly<Record<string, unknown>> {
  const changed = NAMES.flatMap((name) => {
    const value = given(name);
    const usual = workspace.getConfiguration().inspect(name)?.defaultValue;
    return JSON.stringify(value) === JSON.stringify(usual) ? [] : [[name, value] as const];
  });
  return Object.fromEntries(changed);
}

/** What is wrong with them, a sentence each */
export function complaints(): readonly string[] {
  return NAMES.flatMap((name) => complaintsAbout(name, given(name)));
}

/** Each complaint once, and again when it was mended in between. */
export function watchSettings(warn: (complaint: string) => void): Disposable {
  let said: readonly string[] = [];
  const look = () => {
    const now = complaints();
    for (const complaint of now) if (!said.includes(complaint)) warn(complaint);
    said = now;
  };
  look();
  return workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration('pi')) look();
  });
}
