// A unified diff, line by line, with nothing in it that is not seen. Pure. In: text. Out: each line with its kind. Never here: applying it.
import { visibleLines } from '../chat/visible.ts';

export interface DiffLine {
  readonly kind: 'added' | 'removed' | 'hunk' | 'file' | 'same';
  readonly text: string;
}

export function diffLines(diff: string): DiffLine[] {
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => ({ kind: kindOf(line), text: visibleLines(line.replace(/\r$/, '')) }));
}

/** `+3 −1` for people, and for those who listen */
export function diffSummary(lines: readonly DiffLine[]): string {
  const count = (kind: DiffLine['kind']) => lines.filter((line) => line.kind === kind).length;
  return `${count('added')} added, ${count('removed')} removed`;
}

function kindOf(line: string): DiffLine['kind'] {
  if (/^(?:--- |\+\+\+ |diff |index )/.test(line)) return 'file';
  if (line.startsWith('@@')) return 'hunk';
  if (line.startsWith('+')) return 'added';
  return line.startsWith('-') ? 'removed' : 'same';
}
