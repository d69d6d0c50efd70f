// Text of an answer on its way, drawn so that what has settled is never touched again.
// In: the whole text so far. Out: DOM; the tail alone is drawn anew, less often when that takes long.
// Never here: links being followed; a click on one is the transcript's to hear.
import { blockStream, type Part, type Tail } from './blocks.ts';
import { type CodeBlock, codeBlock } from './code.ts';
import { element } from './dom.ts';
import type { Host } from './host.ts';
import { type Pieces, pieces } from './pieces.ts';
import { sanitised } from './sanitise.ts';

export interface MarkdownView {
  readonly element: HTMLElement;
  update(text: string, complete: boolean): void;
}

/** What is slower than this is done less often: then drawing takes a fifth of the time. */
const CHEAP_MS = 2;
const SPACING = 4;

export function markdownView(host: Host): MarkdownView {
  const tail = element('div', { class: 'tail' });
  const root = element('div', { class: 'markdown' }, tail);
  let stream = blockStream();
  let drawn = '';
  let over = false;
  let latest = { text: '', complete: false };
  let openCode: CodeBlock | undefined;
  let plain: Pieces | undefined;
  let notBefore = 0;
  let frame: number | undefined;

  const replaceAll = () => {
    openCode = undefined;
    root.replaceChildren(tail);
  };

  const addSettled = (part: Part) => {
    if (part.type === 'code' && openCode) {
      openCode.finish(part.text);
      openCode = undefined;
      return;
    }
    tail.before(nodeOf(host, part));
  };

  const drawTail = (part: Tail | undefined) => {
    if (part?.type === 'openCode') {
      if (!openCode) {
        openCode = codeBlock(host, part.language);
        tail.before(openCode.element);
      }
      openCode.grow(part.text);
      clearTail();
    } else if (part?.type === 'plain') drawPlain(part.text);
    else {
      clearTail();
      if (part) tail.append(nodeOf(host, part));
    }
  };

  const drawPlain = (text: string) => {
    if (!plain) {
      const paragraph = element('p', { class: 'plain' });
      tail.replaceChildren(paragraph);
      plain = pieces(paragraph);
    }
    plain.show(text);
  };

  const clearTail = () => {
    plain = undefined;
    if (tail.hasChildNodes()) tail.replaceChildren();
  };

  const draw = () => {
    const { text, complete } = latest;
    const began = performance.now();
    if (over || !text.startsWith(drawn)) {
      stream = blockStream();
      replaceAll();
    }
    const growth = stream.grow(text, complete);
    if (growth.again) replaceAll();
    for (const part of growth.settled) addSettled(part);
    drawTail(growth.tail);
    drawn = text;
    over = complete;
    if (complete) tail.remove();
    const took = performance.now() - began;
    notBefore = took > CHEAP_MS ? performance.now() + took * SPACING : 0;
  };

  // In a frame, like everything that is drawn.
  const drawWhenDue = () => {
    frame = undefined;
    if (latest.complete || performance.now() >= notBefore) draw();
    else frame = requestAnimationFrame(drawWhenDue);
  };

  const update = (text: string, complete: boolean) => {
    if (text === latest.text && complete === latest.complete) return;
    latest = { text, complete };
    if (frame === undefined) drawWhenDue();
    else if (complete) {
      cancelAnimationFrame(frame);
      drawWhenDue();
    }
  };

  return { element: root, update };
}

function nodeOf(host: Host, part: Part | Exclude<Tail, { type: 'openCode' }>): Node {
  switch (part.type) {
    case 'code':
      return finishedCode(host, part.language, part.text);
    case 'plain':
      return plainText(part.text);
    case 'html':
      return withCodeBlocks(host, sanitised(part.html));
  }
}

function plainText(text: string): HTMLElement {
  const paragraph = element('p', { class: 'plain' });
  pieces(paragraph).show(text);
  return paragraph;
}

// Those inside lists and quotes
function withCodeBlocks(host: Host, fragment: DocumentFragment): DocumentFragment {
  for (const pre of fragment.querySelectorAll('pre')) {
    const text = (pre.textContent ?? '').replace(/\n$/, '');
    pre.replaceWith(finishedCode(host, pre.dataset.language ?? '', text));
  }
  return fragment;
}

function finishedCode(host: Host, language: string, text: string): HTMLElement {
  const block = codeBlock(host, language);
  block.finish(text);
  return block.element;
}
