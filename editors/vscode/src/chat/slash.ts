// Commands that are typed as a prompt: `/login anthropic`. In: what stands in the prompt. Out: what it is.
// Pure. What begins with a space is text whatever follows; a `/word` alone on its line that is no command is refused
// rather than sent. Never here: doing it.

export type SlashName = (typeof NAMES)[number];

export type Slash =
  | { readonly type: 'text' }
  | { readonly type: 'unknown'; readonly name: string }
  /** `rest`: the lines below, which stay in the prompt */
  | { readonly type: 'command'; readonly name: SlashName; readonly argument: string; readonly rest: string };

const NAMES = ['login', 'logout', 'model', 'new'] as const;
const LINE = /^\/([A-Za-z?-]+)(?:[ \t]+(.*))?$/;

export function slashOf(prompt: string): Slash {
  const [line = '', ...below] = prompt.split(/\r?\n/);
  const match = LINE.exec(line.trimEnd());
  if (!match) return { type: 'text' };
  const word = match[1]?.toLowerCase() ?? '';
  const rest = below.join('\n').trim();
  const name = NAMES.find((one) => one === word);
  if (name) return { type: 'command', name, argument: match[2]?.trim() ?? '', rest };
  return rest ? { type: 'text' } : { type: 'unknown', name: word };
}
