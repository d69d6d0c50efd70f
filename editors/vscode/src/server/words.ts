// A command as a line that a person reads and types. In: words. Out: one line, and back. Never here: a shell's other
// inventions; quotes and backslashes keep white space together, and that is all.

export function joined(command: readonly string[]): string {
  return command
    .map((word) => (/[\s"'\\]/.test(word) || word === '' ? JSON.stringify(word) : word))
    .join(' ');
}

/** Throws when a quote is open at the end. */
export function words(line: string): readonly string[] {
  const found = [...line.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+|["'\\]/g)].map(
    ([word]) => word,
  );
  if (found.some((word) => /^["'\\]$/.test(word))) throw new Error('A quote is not closed');
  return found.map((word) =>
    word.replace(
      /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
      (_, double?: string, single?: string, escaped?: string) =>
        double !== undefined ? double.replace(/\\(.)/g, '$1') : (single ?? escaped ?? ''),
    ),
  );
}
