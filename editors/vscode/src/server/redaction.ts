// Secrets taken out of text that somebody may read: the log, a sentence, the diagnostics.
// In: any text. Out: the same text with `[REDACTED]` where a credential, a code, a state or a verifier stood; the same
// shapes as the server's own redaction knows. Never here: a promise that unknown shapes are found; the first rule is
// not to put a secret into text at all.

import type { ErrorCode } from '../protocol.ts';

export const MARK = '[REDACTED]';

// `code` and `state` are also ordinary words of this program; these values of theirs say nothing secret.
const CODES = {
  login_required: true,
  login_expired: true,
  login_denied: true,
  attempt_expired: true,
  attempt_ended: true,
  unknown_attempt: true,
  unknown_provider: true,
  unknown_chat: true,
  duplicate_turn: true,
  state_mismatch: true,
  invalid_code: true,
  credential_not_permitted: true,
  store_busy: true,
  store_unreadable: true,
  rate_limited: true,
  overloaded: true,
  quota_exceeded: true,
  context_overflow: true,
  model_not_found: true,
  model_not_enabled: true,
  model_disabled: true,
  content_filtered: true,
  client_outdated: true,
  provider_unreachable: true,
  provider_error: true,
  stream_broken: true,
  invalid_request: true,
  invalid_params: true,
  parse_error: true,
  malformed_message: true,
  unknown_method: true,
  not_initialized: true,
  unsupported: true,
  storage_failed: true,
  cancelled: true,
  shutting_down: true,
  internal: true,
} satisfies Record<ErrorCode, true>;
const WORDS =
  'true false null undefined none ready loggedout expired error awaitingcode awaitingbrowser polling succeeded failed ' +
  'cancelled superseded stopped starting running missing misconfigured';
const PLAIN_WORDS = new Set([...Object.keys(CODES), ...WORDS.split(' ')]);

const LONG_NAMES =
  'access[_-]?token|refresh[_-]?token|id[_-]?token|oauth[_-]?token|auth[_-]?token|code[_-]?verifier|verifier' +
  '|device[_-]?code|client[_-]?secret|x-api-key|api[_-]?key|password|refresh|access';
const SHORT_NAMES = 'code|state|key|token|secret';
// Not \b: in `%22code`, `%3Fcode`, `\ncode` (written out) and `user_code` there is none.
const START = String.raw`(?:(?<![A-Za-z])|(?<=%[0-9A-F]{2})|(?<=\\[nrt]))`;
const QUOTE = String.raw`(?:\\*["']|%22|%27)`;
const END = String.raw`[\s"'\\&,;<>)\]}#]|%22|%27|%26|%23`;

// Where a word begins, also behind a character that is written out: `\n`, `%22`.
const WORD = String.raw`(?:\b|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))`;

const TOKENS = new RegExp(
  [
    String.raw`sk-ant-[\w.~+/=-]+`,
    String.raw`${WORD}sk-(?:proj-|svcacct-)?[\w-]{16,}`,
    `${WORD}gh[pousr]_[A-Za-z0-9_]{8,}`,
    String.raw`${WORD}github_pat_\w{8,}`,
    String.raw`${WORD}AIza[\w-]{20,}`,
    String.raw`${WORD}(?:gsk_|xai-|hf_)[A-Za-z0-9]{16,}[\w-]*`,
    String.raw`${WORD}(?<!-)eyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*`,
    String.raw`${WORD}tid(?:=|%3D)[^\s"']{8,}`,
    String.raw`(?<![\w-])[\w-]{16,}(?:#|%23)[\w-]{16,}`,
  ].join('|'),
  'g',
);
const SCHEME = /([Bb]earer|BEARER|[Bb]asic|BASIC)(\s+|%20|\+)(?=[\w.~+/%=-]*[0-9_=/+~A-Z-])[\w.~+/%=-]{8,}/g;
// The person and password of an address, such as a proxy's. Up to the last @: a password may hold one.
const USERINFO = /(?<=:\/\/)[^\s/"'<>]+(?=@)|(?<=%3A%2F%2F)(?:(?!%2F)[^\s/"'<>&])+(?=%40)/gi;
// The same where no scheme stands before it, if a port stands behind it. The bounds keep it linear.
const BARE_USERINFO =
  /(?<![^\s"'=(,;<[|`])[\w.%+~@\\-]{1,64}:[^\s/"'<>[\]]{1,256}(?=@(?:[\w.-]+|\[[\da-fA-F:.]+\]):\d{2,5}(?!\w))/g;
// A key as the next word of a command line, or of a list of its words; a help text's KEY and FILE are shorter.
const anyCase = (words: string) => words.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
const KEY = `(?:${anyCase('api|access|secret|private')})[-_]?${anyCase('key')}`;
const OTHERS = anyCase('token|secret|password');
const NO_VALUE = String.raw`\s"'\\,;<>()\[\]{}`;
const OPTION = new RegExp(
  `(--?(?:[A-Za-z]{1,20}[-_]){0,3}(?:${KEY}|${OTHERS})|${anyCase('x-api-key')})` +
    String.raw`(\s+${QUOTE}?|${QUOTE}\s*,\s*${QUOTE})` +
    String.raw`(?=[^${NO_VALUE}]*[0-9_=/+~A-Z!@#%^&*-])(?=[\w.~+/%=!@#^&*])[^${NO_VALUE}]{8,}`,
  'g',
);
const HEADER = new RegExp(
  String.raw`((?:proxy-)?authorization|(?:set-)?cookie)(${QUOTE}?\s*(?:[:=,]|%3A)\s*(?:b(?=${QUOTE}))?${QUOTE}?)([^\r\n"'\\]+)`,
  'gi',
);
const QUOTED = new RegExp(
  String.raw`(${START}(?:${LONG_NAMES}|${SHORT_NAMES})${QUOTE}?\s*(?:[:=,]|%3A|%3D)(?:\s|%20|\+)*b?)(${QUOTE})(.*?)(?=\2|$)`,
  'gis',
);
const BARE = new RegExp(
  String.raw`(${START}(?:(?:${LONG_NAMES})(?:\s*[:=]\s*|%3D|%3A)|(?:${SHORT_NAMES})(?:=|%3D)))((?:(?!${END}).)+(?:(?:#|%23)[\w-]+)?)`,
  'gi',
);

export function redact(text: string): string {
  return text
    .replace(USERINFO, MARK)
    .replace(BARE_USERINFO, MARK)
    .replace(HEADER, (all: string, name: string, gap: string, value: string) =>
      value.startsWith(MARK) ? all : `${name}${gap}${MARK}`,
    )
    .replace(TOKENS, MARK)
    .replace(SCHEME, `$1$2${MARK}`)
    .replace(OPTION, `$1$2${MARK}`)
    .replace(QUOTED, (all: string, name: string, quote: string, value: string) =>
      harmless(value) ? all : `${name}${quote}${MARK}`,
    )
    .replace(BARE, (all: string, name: string, value: string) => (harmless(value) ? all : `${name}${MARK}`));
}

function harmless(value: string): boolean {
  return value === '' || value.startsWith(MARK.slice(0, -1)) || PLAIN_WORDS.has(value.toLowerCase());
}
