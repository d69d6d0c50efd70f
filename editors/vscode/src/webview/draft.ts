// What is typed, told to the extension now and then, and at once when the view may go. In: a text field. Out: its text.

const QUIET_MS = 300;

export function draftKeeper(field: HTMLTextAreaElement, keep: (text: string) => void) {
  let kept = '';
  let timer: number | undefined;
  const flush = () => {
    clearTimeout(timer);
    if (field.value === kept) return;
    kept = field.value;
    keep(kept);
  };
  const changed = () => {
    clearTimeout(timer);
    timer = window.setTimeout(flush, QUIET_MS);
  };
  field.addEventListener('blur', flush);
  addEventListener('pagehide', flush);
  document.addEventListener('visibilitychange', flush);
  /** It stands there already, where it is kept */
  const known = () => {
    clearTimeout(timer);
    kept = field.value;
  };
  return { changed, known, flush };
}
