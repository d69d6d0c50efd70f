// What is typed, told to the extension as it grows, and at once when the view may go: with the chat that it belongs to,
// since another may be shown by then. In: a text field. Out: its text.

const EVERY_MS = 300;

export function draftKeeper(field: HTMLTextAreaElement, keep: (session: string, text: string) => void) {
  let session: string | undefined;
  let told = '';
  let timer: number | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (session === undefined || field.value === told) return;
    told = field.value;
    keep(session, told);
  };
  const changed = () => {
    timer ??= window.setTimeout(flush, EVERY_MS);
  };
  field.addEventListener('blur', flush);
  addEventListener('pagehide', flush);
  document.addEventListener('visibilitychange', flush);
  return {
    changed,
    flush,
    get session() {
      return session;
    },
    /** This is what the extension knows; it hears of anything else that stands there. */
    known: (text: string) => {
      told = text;
      changed();
    },
    belongTo: (next: string) => {
      flush();
      session = next;
    },
  };
}
