// What each of our settings is. In: what stands there, which may be anything: a folder brings settings of its own.
// Out: a value of the setting's type, and what is wrong with what stood there. Something else than it should be counts
// as not set. Pure. Never here: what was given, in a sentence; only names of variables, for their values may be keys.

interface Reading<T> {
  readonly value: T;
  /** For the end of a sentence that begins with the setting */
  readonly wrong: readonly string[];
}

interface Kind<T> {
  readonly usual: T;
  read(given: unknown): Reading<T>;
}

export const SETTINGS = {
  'pi.server.command': kind<readonly string[] | null>(
    null,
    'a list of words, such as ["/home/ada/.local/bin/pi", "serve"], or null',
    (given) => (given === null || isWords(given) ? wordsIn(given) : undefined),
  ),
  'pi.server.environment': { usual: {}, read: variables },
  'pi.server.useEditorProxy': flag(true),
  'pi.model': kind('', 'text, such as "anthropic/claude-sonnet-5-5"', (given) =>
    typeof given === 'string' ? given.trim() : undefined,
  ),
  'pi.chat.approval': oneOf('ask', 'readOnly', 'auto'),
  'pi.chat.sendWith': oneOf('enter', 'modifierEnter'),
  'pi.codeActions': flag(true),
  'pi.languageModels': flag(true),
} satisfies Readonly<Record<string, Kind<unknown>>>;

export type SettingName = keyof typeof SETTINGS;
export type Settings = {
  readonly [Name in SettingName]: ReturnType<(typeof SETTINGS)[Name]['read']>['value'];
};

export function settingOf<Name extends SettingName>(name: Name, given: unknown): Settings[Name] {
  return readingOf(name, given).value as Settings[Name];
}

/** A sentence for each thing that is wrong with what was given; none where nothing is set. */
export function complaintsAbout(name: SettingName, given: unknown): readonly string[] {
  return readingOf(name, given).wrong.map((why) => `The setting ${name} ${why}`);
}

function readingOf(name: SettingName, given: unknown): Reading<unknown> {
  const { usual, read } = SETTINGS[name];
  return given === undefined ? { value: usual, wrong: [] } : read(given);
}

/** `fits` gives undefined for what is none. */
function kind<T>(usual: T, what: string, fits: (given: unknown) => T | undefined): Kind<T> {
  return {
    usual,
    read: (given) => {
      const value = fits(given);
      return value === undefined ? notSet(usual, what) : { value, wrong: [] };
    },
  };
}

function notSet<T>(usual: T, what: string): Reading<T> {
  return { value: usual, wrong: [`must be ${what}; it counts as not set`] };
}

function flag(usual: boolean): Kind<boolean> {
  return kind(usual, 'true or false', (given) => (typeof given === 'boolean' ? given : undefined));
}

/** The first is the usual one. */
function oneOf<const T extends string>(usual: T, ...others: readonly T[]): Kind<T> {
  const all = [usual, ...others];
  const what = `${all.slice(0, -1).map(quoted).join(', ')} or ${all.slice(-1).map(quoted).join('')}`;
  return kind<T>(usual, what, (given) => all.find((one) => one === given));
}

/** Those that can be variables; the others are left out by name. */
function variables(given: unknown): Reading<Readonly<Record<string, string>>> {
  if (!isObject(given))
    return notSet({}, 'an object of names and text, such as {"PI_AGENT_DIR": "/data/pi"}');
  const entries = Object.entries(given);
  return {
    value: Object.fromEntries(entries.filter(([name, value]) => whyNoVariable(name, value) === null)),
    wrong: entries
      .map(([name, value]) => whyNoVariable(name, value))
      .filter((why) => why !== null)
      .map((why) => `${why}; it is left out`),
  };
}

function whyNoVariable(name: string, value: unknown): string | null {
  const [beginning = '', ...rest] = name.split('=');
  if (rest.length > 0) return `has a name with "=" in it, which begins with ${quoted(beginning)}`;
  if (name === '') return 'has a variable without a name';
  return typeof value === 'string' ? null : `has ${quoted(name)}, whose value must be text`;
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

/** None at all: it is looked for. */
function wordsIn(given: readonly string[] | null): readonly string[] | null {
  return given?.length ? given : null;
}

function isWords(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every((word) => typeof word === 'string');
}

/** As it stands in settings.json */
function quoted(text: string): string {
  return JSON.stringify(text);
}
