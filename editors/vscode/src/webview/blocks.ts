// Markdown that grows, as parts that no later text can change and a tail that it can. Pure.
// In: the whole text so far, each time longer. Out: new settled parts, in order, and the tail as it looks now.
// A block is settled once complete lines show that another one has begun, so however the text was cut on its way, the
// parts together are the same. Never here: a DOM.
import type { Env } from 'markdown-it';
import { type Block, copied, html, languageOf, topLevelBlocks } from './markdown.ts';

export type Part =
  | { readonly type: 'html'; readonly html: string }
  | { readonly type: 'code'; readonly language: string; readonly text: string }
  /** Too long to be read as Markdown in one go */
  | { readonly type: 'plain'; readonly text: string };

export type Tail = Part | { readonly type: 'openCode'; readonly language: string; readonly text: string };

export interface Growth {
  /** What was settled before is replaced by these: a link was defined after its use */
  readonly again: boolean;
  readonly settled: readonly Part[];
  readonly tail: Tail | undefined;
}

/** A tail longer than this is shown as it is typed until it settles, */
export const LONG_TAIL = 16_000;
/** and is looked at again when so much of it is new. */
const NEW_PART = 0.05;
/** A block longer than this is a dump of something, and is left as it is. */
export const LONG_BLOCK = 32_000;

export interface BlockStream {
  grow(text: string, complete: boolean): Growth;
}

interface OpenFence {
  readonly language: string;
  readonly closing: RegExp;
  /** A line of which this is all that came may still become the closing one. */
  readonly mayClose: RegExp;
  readonly indent: RegExp;
  text: string;
}

export function blockStream(env: Env = {}): BlockStream {
  let from = 0;
  let splitAt = 0;
  let fence: OpenFence | undefined;

  const readFence = (text: string, complete: boolean, open: OpenFence): Tail => {
    for (;;) {
      const newline = text.indexOf('\n', from);
      const line = text.slice(from, newline < 0 ? text.length : newline);
      const whole = newline >= 0 || complete;
      if (whole && open.closing.test(line)) {
        from += line.length + (newline < 0 ? 0 : 1);
        return { type: 'code', language: open.language, text: withoutLastNewline(open.text) };
      }
      if (newline < 0) {
        const shown = !complete && open.mayClose.test(line) ? '' : line.replace(open.indent, '');
        const type = complete ? 'code' : 'openCode';
        if (complete) from = text.length;
        return { type, language: open.language, text: withoutLastNewline(open.text + shown) };
      }
      open.text += `${line.replace(open.indent, '')}\n`;
      from = newline + 1;
    }
  };

  const worthSplitting = (end: number) => {
    const isNew = end - splitAt;
    return isNew > 0 && (end - from <= LONG_TAIL || isNew > (end - from) * NEW_PART);
  };

  // Everything but the last block; when the text is complete, that too.
  const split = (text: string, end: number, complete: boolean): Part[] => {
    const source = text.slice(from, end);
    const blocks = topLevelBlocks(source, copied(env));
    const starts = lineStarts(source);
    const last = blocks.at(-1);
    if (!last) return complete ? settle(source, starts, blocks, end) : [];
    if (complete || isClosedFence(last)) return settle(source, starts, blocks, end);
    const keptFrom = starts[last.from] ?? 0;
    const parts = settle(source.slice(0, keptFrom), starts, blocks.slice(0, -1), from + keptFrom);
    if (last.type === 'fence') {
      const opening = source.slice(keptFrom, starts[last.from + 1] ?? source.length);
      fence = openFence(opening, last);
      from += opening.length;
    }
    return parts;
  };

  const settle = (
    source: string,
    starts: readonly number[],
    blocks: readonly Block[],
    to: number,
  ): Part[] => {
    const parts: Part[] = [];
    let done = 0;
    const upTo = (offset: number) => {
      const piece = source.slice(done, offset);
      if (piece.trim() !== '') parts.push({ type: 'html', html: html(piece, env) });
      done = offset;
    };
    for (const block of blocks) {
      const begin = starts[block.from] ?? source.length;
      const end = starts[block.to] ?? source.length;
      const own = ownPart(block, source.slice(begin, end));
      if (!own) continue;
      upTo(begin);
      parts.push(own);
      done = end;
    }
    upTo(source.length);
    from = to;
    return parts;
  };

  const tailOf = (text: string): Tail | undefined => {
    const source = text.slice(from);
    if (source.trim() === '') return undefined;
    return source.length > LONG_TAIL
      ? { type: 'plain', text: source }
      : { type: 'html', html: html(source, copied(env)) };
  };

  const grow = (given: string, complete: boolean): Growth => {
    const text = normalised(given, complete);
    const known = referenceCount(env);
    const begun = from > 0;
    const settled: Part[] = [];
    for (;;) {
      if (fence) {
        const part = readFence(text, complete, fence);
        if (part.type === 'openCode') return { again: false, settled, tail: part };
        settled.push(part as Part);
        fence = undefined;
      }
      const end = complete ? text.length : text.lastIndexOf('\n') + 1;
      if (end <= from || (!complete && !worthSplitting(end))) break;
      settled.push(...split(text, end, complete));
      if (!fence) splitAt = end;
      if (!fence) break;
    }
    if (!complete) return { again: false, settled, tail: tailOf(text) };
    // A link may stand before what defines it.
    const late = referenceCount(env) > known || (begun && referenceCount(env) > 0);
    if (!late) return { again: false, settled, tail: undefined };
    return {
      again: true,
      settled: blockStream({ references: { ...env.references } }).grow(text, true).settled,
      tail: undefined,
    };
  };

  return { grow };
}

// What is not left to the renderer of Markdown: code, which gets a frame of its own, and what is too long.
function ownPart(block: Block, source: string): Part | undefined {
  if (block.type === 'fence')
    return {
      type: 'code',
      language: languageOf(block.token.info),
      text: withoutLastNewline(block.token.content),
    };
  if (block.type === 'code_block')
    return { type: 'code', language: '', text: withoutLastNewline(block.token.content) };
  return source.length > LONG_BLOCK ? { type: 'plain', text: source.trim() } : undefined;
}

function openFence(opening: string, { token }: Block): OpenFence {
  const mark = token.markup[0] === '~' ? '~' : '`';
  const indent = /^ */.exec(opening)?.[0].length ?? 0;
  return {
    language: languageOf(token.info),
    closing: new RegExp(`^ {0,3}${mark}{${token.markup.length},}[ \\t]*$`),
    mayClose: new RegExp(`^ {0,3}${mark}*[ \\t]*$`),
    indent: new RegExp(`^ {0,${indent}}`),
    text: '',
  };
}

// Its lines are what it holds and two marks.
function isClosedFence(block: Block): boolean {
  const held = block.token.content.split('\n').length - 1;
  return block.type === 'fence' && block.to - block.from === held + 2;
}

function lineStarts(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function normalised(text: string, complete: boolean): string {
  if (!text.includes('\r')) return text;
  const held = !complete && text.endsWith('\r') ? text.slice(0, -1) : text;
  return held.replace(/\r\n?/g, '\n');
}

function referenceCount(env: Env): number {
  return Object.keys(env.references ?? {}).length;
}

function withoutLastNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}
