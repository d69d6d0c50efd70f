// Text that grows inside an element, in pieces of some lines. The browser lays out a piece anew when it grows, and
// leaves the pieces above it alone. A piece ends with the first line that ends beyond its size, however the text was cut
// on its way.
import { element } from './dom.ts';

const PIECE = 4_000;

export interface Pieces {
  /** All of the text so far */
  show(text: string): void;
}

export function pieces(parent: HTMLElement): Pieces {
  let shown = '';
  let last: Text | undefined;

  const append = (text: string) => {
    let rest = text;
    while (rest !== '') {
      last = last && !isFull(last) ? last : newPiece(parent);
      const newline = rest.indexOf('\n', Math.max(PIECE - last.length - 1, 0));
      const end = newline < 0 ? rest.length : newline + 1;
      last.appendData(rest.slice(0, end));
      rest = rest.slice(end);
    }
  };

  const show = (text: string) => {
    const grows = text.startsWith(shown);
    if (!grows) {
      parent.replaceChildren();
      last = undefined;
    }
    append(grows ? text.slice(shown.length) : text);
    shown = text;
  };

  return { show };
}

function isFull(piece: Text): boolean {
  return piece.length >= PIECE && piece.data.endsWith('\n');
}

function newPiece(parent: HTMLElement): Text {
  const text = document.createTextNode('');
  parent.append(element('span', { class: 'piece' }, text));
  return text;
}
