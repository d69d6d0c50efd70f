// The codicons that the chat uses, as inline SVG: the whole font would be as large as everything else together.
// In: a name. Out: an element in the colour of the text around it, unseen by screen readers.
import arrowDown from '@vscode/codicons/src/icons/arrow-down.svg';
import check from '@vscode/codicons/src/icons/check.svg';
import chevronDown from '@vscode/codicons/src/icons/chevron-down.svg';
import stopped from '@vscode/codicons/src/icons/circle-slash.svg';
import close from '@vscode/codicons/src/icons/close.svg';
import copy from '@vscode/codicons/src/icons/copy.svg';
import stop from '@vscode/codicons/src/icons/debug-stop.svg';
import diff from '@vscode/codicons/src/icons/diff.svg';
import edit from '@vscode/codicons/src/icons/edit.svg';
import error from '@vscode/codicons/src/icons/error.svg';
import file from '@vscode/codicons/src/icons/file.svg';
import picture from '@vscode/codicons/src/icons/file-media.svg';
import info from '@vscode/codicons/src/icons/info.svg';
import insert from '@vscode/codicons/src/icons/insert.svg';
import selection from '@vscode/codicons/src/icons/list-selection.svg';
import loading from '@vscode/codicons/src/icons/loading.svg';
import mention from '@vscode/codicons/src/icons/mention.svg';
import question from '@vscode/codicons/src/icons/question.svg';
import send from '@vscode/codicons/src/icons/send.svg';
import warning from '@vscode/codicons/src/icons/warning.svg';

const SOURCES = {
  arrowDown,
  check,
  chevronDown,
  close,
  copy,
  diff,
  edit,
  error,
  file,
  info,
  insert,
  loading,
  mention,
  picture,
  question,
  selection,
  send,
  stop,
  stopped,
  warning,
};

export type IconName = keyof typeof SOURCES;

const parsed = new Map<IconName, Element>();

export function icon(name: IconName): Element {
  const known = parsed.get(name) ?? parse(name);
  return known.cloneNode(true) as Element;
}

function parse(name: IconName): Element {
  const svg = new DOMParser().parseFromString(SOURCES[name], 'image/svg+xml').documentElement;
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const here = document.importNode(svg, true);
  parsed.set(name, here);
  return here;
}
