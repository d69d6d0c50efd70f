// The keyboard, lent to a list or box that a chat opens, and given back to the prompt. VS Code itself gives it to the
// editor, where the next letters would go into a file. In: a place, what is opened from there. Out: the cursor in its
// prompt, unless the person went on somewhere else meanwhile. Never here: what is opened.
import { Disposable, window } from 'vscode';
import type { Place } from './place.ts';
import type { Places } from './places.ts';

/** `open` is handed what it may call when the person has turned to something else. */
export async function lend(
  places: Places,
  place: Place,
  open: (leave: () => void) => unknown,
): Promise<void> {
  let isElsewhere = false;
  const leave = () => {
    isElsewhere = true;
  };
  const watch = Disposable.from(
    // Without a kind it was moved by a program.
    window.onDidChangeTextEditorSelection(({ kind }) => kind !== undefined && leave()),
    window.tabGroups.onDidChangeTabs(({ opened }) => opened.length > 0 && leave()),
  );
  try {
    await open(leave);
  } finally {
    watch.dispose();
  }
  if (!isElsewhere && place.visible) await places.reveal(place);
}
