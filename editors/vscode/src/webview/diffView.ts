// A unified diff as coloured lines; its signs stay, so that nothing depends on colour. In: text. Out: an element.
import { diffLines, diffSummary } from './diff.ts';
import { element } from './dom.ts';

export function diffView(diff: string): HTMLElement {
  const lines = diffLines(diff);
  return element(
    'pre',
    { class: 'diff', tabindex: '0', role: 'group', 'aria-label': `Diff: ${diffSummary(lines)}` },
    ...lines.map((line) => element('span', { class: `line ${line.kind}` }, `${line.text}\n`)),
  );
}
