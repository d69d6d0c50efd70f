// Text of a tool or a model, where somebody decides by it: whatever is not seen, or turns around what is seen, is
// written out. In: any text. Out: text that looks like what it is. Pure. Never here: what only reads as prose.

// Controls, formats (directions, joiners, byte order marks, tags), line and paragraph separators, blanks that are letters
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** On one line: `a\u202eb`, `a\nb` */
export function visible(text: string): string {
  return text.replace(UNSEEN, written);
}

/** Of several lines: their ends and tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(UNSEEN, (found) => (found === '\n' || found === '\t' ? found : written(found)));
}

function written(found: string): string {
  const units = Array.from({ length: found.length }, (_, index) => found.charCodeAt(index));
  return SHORT[found] ?? units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
