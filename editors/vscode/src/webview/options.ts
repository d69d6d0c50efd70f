// Which answer does no harm. Pure. In: the options of `pi/approve`. Out: the one that refuses, never one for always
// when there is another.
import type { ApproveOption } from '../protocol.ts';

const ORDER: readonly ApproveOption['kind'][] = ['rejectOnce', 'rejectAlways', 'allowOnce', 'allowAlways'];

export function safestOption(options: readonly ApproveOption[]): ApproveOption | undefined {
  return options.toSorted((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind))[0];
}
