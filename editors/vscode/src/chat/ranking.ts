// Which files fit what was typed after `@`, the likeliest first. In: paths as they are shown. Out: the best of them.
// Pure. The letters must stand in the path in that order; the name counts more than the folders.

export interface Candidate {
  readonly uri: string;
  /** Relative to its folder, with `/` */
  readonly path: string;
  /** Open in an editor, so likelier meant */
  readonly open: boolean;
}

export function ranked(query: string, candidates: readonly Candidate[], limit: number): Candidate[] {
  const wanted = query.toLowerCase().replace(/\\/g, '/');
  const seen = new Set<string>();
  const scored = candidates.flatMap((candidate) => {
    if (seen.has(candidate.uri)) return [];
    seen.add(candidate.uri);
    const score = scoreOf(wanted, candidate.path.toLowerCase());
    return score === null ? [] : [{ candidate, score: score + (candidate.open ? 20 : 0) }];
  });
  scored.sort((one, other) => other.score - one.score || compared(one.candidate.path, other.candidate.path));
  return scored.slice(0, limit).map(({ candidate }) => candidate);
}

// The shorter path first, then by the alphabet.
function compared(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : Number(one > other));
}

function scoreOf(wanted: string, path: string): number | null {
  if (wanted === '') return 0;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === wanted) return 100;
  if (name.startsWith(wanted)) return 80;
  if (path.startsWith(wanted)) return 70;
  if (name.includes(wanted)) return 60;
  if (path.includes(wanted)) return 40;
  if (isSubsequence(wanted, name)) return 20;
  return isSubsequence(wanted, path) ? 10 : null;
}

function isSubsequence(wanted: string, text: string): boolean {
  let at = 0;
  for (const letter of wanted) {
    at = text.indexOf(letter, at);
    if (at < 0) return false;
    at += letter.length;
  }
  return true;
}
