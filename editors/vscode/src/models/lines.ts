// The lines of a list that is brought up to date under the person's hands. VS Code names a line by its number alone, so
// that Enter at the moment in which a list is replaced would take what stands there in the other one.
// In: the lines as they were sent last, the rows to show now. Out: lines of which each number means one row, whichever
// of the lists that were sent is on the screen. Never here: an editor.

export interface Line<R> {
  readonly row: R;
  /** The others are separators without a name, which nobody sees: what that number meant before */
  readonly isShown: boolean;
}

/** `isOnScreen`: the lines sent last are known to be seen, and no list before them is. */
export function linesOf<R>(
  sent: readonly Line<R>[],
  rows: readonly R[],
  isOnScreen: boolean,
): readonly Line<R>[] {
  const shown = rows.map((row): Line<R> => ({ row, isShown: true }));
  // What stands before and behind those that are seen means nothing any more.
  const end = isOnScreen ? sent.findLastIndex((line) => line.isShown) + 1 : sent.length;
  const before = sent.slice(0, end).map(({ row }): Line<R> => ({ row, isShown: false }));
  const hasRoom = isOnScreen && sent.findIndex((line) => line.isShown) >= rows.length;
  return hasRoom ? [...shown, ...before.slice(rows.length)] : [...before, ...shown];
}
