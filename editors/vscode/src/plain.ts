// Text for the places where VS Code makes links of `[text](address)`, those that run commands too.
// In: text of anybody: a model, a provider, a file's name, an error. Out: text with nothing in it to click, or with
// the links that we mean. Pure. Never here: how it is shown (`say.ts`).

/** A link of ours. Its address is a web page, or a command of this extension; otherwise it is plain text. */
export interface Link {
  readonly label: string;
  readonly address: string;
}

export type Piece = string | Link;

const ALLOWED = /^(?:https?:\/\/|command:pi\.)/i;

/** VS Code looks for `](`, and for nothing else. */
export function plain(text: string): string {
  return text.replaceAll('](', '] (');
}

/** One line, in which the links alone can be clicked. */
export function lineOf(pieces: readonly Piece[]): string {
  return pieces.map((piece) => (typeof piece === 'string' ? plain(piece) : linkOf(piece))).reduce(joined, '');
}

function linkOf({ label, address }: Link): string {
  if (!ALLOWED.test(address)) return plain(label);
  const target = address.replace(/[\s()]/g, (character) => PERCENT[character] ?? '');
  return `[${label.replaceAll(/[[\]]/g, '')}](${target})`;
}

const PERCENT: Readonly<Record<string, string>> = { ' ': '%20', '(': '%28', ')': '%29' };

/** Two pieces that are harmless alone must not be a link together. */
function joined(line: string, piece: string): string {
  return line.endsWith(']') && piece.startsWith('(') ? `${line} ${piece}` : line + piece;
}
