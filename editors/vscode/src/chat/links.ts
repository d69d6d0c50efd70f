// Where a link of an answer leads. In: what the link says. Out: an outer address, a place in a file, or nothing.
// Pure. Only http, https and mail go out; every other scheme is nothing. Never here: opening it.
import { mentionOf } from './mentions.ts';

export type Link =
  | { readonly type: 'outer'; readonly url: string }
  | { readonly type: 'file'; readonly path: string; readonly line?: number }
  | { readonly type: 'none' };

const OUTER = /^(?:https?:\/\/|mailto:)/i;
// `a.py:12:3`: the column is left out
const COLUMN = /(:\d+):\d+$/;
const SCHEME = /^[a-z][a-z0-9+.-]*:(?!\d)/i;

export function linkOf(href: string): Link {
  const text = href.trim();
  if (OUTER.test(text)) return { type: 'outer', url: text };
  const name = text.replace(/^file:\/\//i, '');
  if (!name || name.startsWith('#') || (name === text && SCHEME.test(text))) return { type: 'none' };
  const [file = '', fragment = ''] = name.split('#');
  const { path, first } = mentionOf(decoded(file).replace(COLUMN, '$1'));
  const line = first ?? lineOf(fragment);
  return path ? { type: 'file', path, ...(line !== undefined && { line }) } : { type: 'none' };
}

// `#L12`, as on the sites that show code.
function lineOf(fragment: string): number | undefined {
  const match = /^L(\d+)/.exec(fragment);
  return match ? Number(match[1]) : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
