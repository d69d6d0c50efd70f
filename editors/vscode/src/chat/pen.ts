// What the text of a program looks like after `ESC [ … m`. Pure.
// In: what it looked like before, and parameters such as `1;31`. Out: names of what it looks like. A theme has sixteen
// colours, and no others can be read on it: any other becomes the nearest of these.

export interface Pen {
  readonly ink?: string | undefined;
  readonly paper?: string | undefined;
  readonly inverse?: boolean;
  readonly bold?: boolean;
  readonly faint?: boolean;
  readonly italic?: boolean;
  readonly struck?: boolean;
  readonly underline?: boolean;
}

export const PLAIN: Pen = {};

const MANNERS = ['bold', 'faint', 'italic', 'struck', 'underline'] as const;
/** In the order of their numbers, which is one of bits: red, green, blue */
const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const NAMES = [...COLOURS, ...COLOURS.map((name) => `bright-${name}`)];
const GREYS = ['black', 'bright-black', 'white', 'bright-white'];
const GREY = 48;
const BRIGHT = 204;

const NO_UNDERLINE = 24;
const CHANGES: Readonly<Record<number, Pen>> = {
  1: { bold: true },
  2: { faint: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { struck: true },
  22: { bold: false, faint: false },
  23: { italic: false },
  [NO_UNDERLINE]: { underline: false },
  27: { inverse: false },
  29: { struck: false },
  39: { ink: undefined },
  49: { paper: undefined },
  ...numbered(30, 90, (ink) => ({ ink })),
  ...numbered(40, 100, (paper) => ({ paper })),
};

/** What takes a colour of any kind; that of a line under text is none of ours */
const COLOURED: Readonly<Record<number, (colour: string) => Pen>> = {
  38: (ink) => ({ ink }),
  48: (paper) => ({ paper }),
  58: () => ({}),
};

const KINDS: Readonly<
  Record<number, { readonly length: number; of(values: readonly number[]): string | undefined }>
> = { 2: { length: 3, of: nearest }, 5: { length: 1, of: ofPalette } };

/** `1;31`, `38;5;208`, `48:2::255:128:0` */
export function dressed(pen: Pen, parameters: string): Pen {
  const parts = parameters.split(';').map((part) => part.split(':').map(Number));
  let next = pen;
  for (let at = 0; at < parts.length; at++) {
    const [code = 0, ...own] = parts[at] ?? [];
    const coloured = COLOURED[code];
    if (!coloured) {
      next = code === 0 ? PLAIN : { ...next, ...CHANGES[code === 4 && own[0] === 0 ? NO_UNDERLINE : code] };
      continue;
    }
    const [type = 0, ...values] = own.length ? own : parts.slice(at + 1).map(([value = 0]) => value);
    const kind = KINDS[type];
    if (!own.length) at += 1 + (kind?.length ?? 0);
    // After colons there may be a space of colours before the colour.
    const colour = kind?.of(values.slice(own.length > 4 ? 1 : 0, own.length || kind.length));
    if (colour) next = { ...next, ...coloured(colour) };
  }
  return next;
}

/** On a colour the text is the theme's own, which can be read on a tint of any. */
export function lookOf(pen: Pen): string {
  const behind = pen.inverse ? (pen.ink ?? 'text') : pen.paper;
  const colour = behind ? [`ansi-${behind}`, 'paper'] : pen.ink ? [`ansi-${pen.ink}`, 'ink'] : [];
  return [...MANNERS.filter((manner) => pen[manner]), ...colour].join(' ');
}

// The first sixteen are the theme's own; then a cube of six steps, and greys.
function ofPalette([index = -1]: readonly number[]): string | undefined {
  if (index < 16) return NAMES[index];
  if (index > 231) return nearest(Array<number>(3).fill((index - 232) * 10 + 8));
  const steps = [36, 6, 1].map((size) => Math.floor((index - 16) / size) % 6);
  return nearest(steps.map((step) => (step === 0 ? 0 : step * 40 + 55)));
}

function nearest(parts: readonly number[]): string | undefined {
  const [most, least] = [Math.max(...parts), Math.min(...parts)];
  if (most - least < GREY) return GREYS[Math.min(Math.floor(most / 64), 3)];
  const bits = parts.reduce((sum, part, at) => sum + (part > (most + least) / 2 ? 1 << at : 0), 0);
  return NAMES[bits + (most > BRIGHT ? 8 : 0)];
}

function numbered(first: number, bright: number, change: (name: string) => Pen): Record<number, Pen> {
  return Object.fromEntries(NAMES.map((name, at) => [at < 8 ? first + at : bright + at - 8, change(name)]));
}
