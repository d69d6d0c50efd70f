import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Line, linesOf } from '../../../src/models/lines.ts';

/** Lists in the order in which they are sent; `seen` says after which of them the window has told that it shows it. */
function sent(lists: readonly (readonly string[])[], seen: readonly boolean[]): (readonly Line<string>[])[] {
  const all: (readonly Line<string>[])[] = [];
  lists.forEach((rows, index) => {
    all.push(linesOf(all.at(-1) ?? [], rows, index === 0 || seen[index - 1] === true));
  });
  return all;
}

const shownOf = (lines: readonly Line<string>[]) =>
  lines.filter(({ isShown }) => isShown).map(({ row }) => row);

describe('the lines of the model picker', () => {
  const lists = [['a', 'b', 'c'], ['x', 'a', 'b', 'c'], ['b'], ['a', 'c', 'd', 'e', 'f'], ['c', 'a'], ['f']];

  it('show each list as it is, in its order', () => {
    for (const isSeen of [true, false]) {
      const all = sent(
        lists,
        lists.map(() => isSeen),
      );
      assert.deepEqual(all.map(shownOf), lists);
    }
  });

  for (let pattern = 0; pattern < 2 ** lists.length; pattern += 1) {
    const seen = lists.map((_, index) => Boolean(pattern & (1 << index)));
    it(`mean the same row by a number, whichever list is on the screen (${seen.map(Number).join('')})`, () => {
      const all = sent(lists, seen);
      for (const [index, lines] of all.entries()) {
        // Those from the last one that was seen on may still be what the person looks at.
        const oldest = Math.max(0, seen.slice(0, index).lastIndexOf(true));
        for (const earlier of all.slice(oldest, index))
          for (const [number, { row, isShown }] of earlier.entries())
            if (isShown) assert.equal(lines[number]?.row, row);
      }
    });
  }

  it('do not grow without end while the window keeps up', () => {
    const many = Array.from({ length: 50 }, (_, index) => Array.from({ length: 90 + (index % 7) }, String));
    const longest = Math.max(
      ...sent(
        many,
        many.map(() => true),
      ).map((lines) => lines.length),
    );
    assert.ok(longest <= 4 * 96, `${longest} lines`);
  });
});
