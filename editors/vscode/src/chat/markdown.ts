// A chat as a Markdown document that a person keeps or sends on. In: a title and turns. Out: text. Pure.
// Thoughts, tool calls and what went along are folded (`<details>`). Never here: a path to save to.
import { endingOf } from './endings.ts';
import { tokens } from './numbers.ts';
import { plainOutput } from './terminal.ts';
import type { Item, Tool, Turn } from './transcript.ts';

export function markdownOf(
  title: string,
  turns: readonly Turn[],
  nameOf: (model: string) => string = (model) => model,
): string {
  const parts = [`# ${oneLine(title)}`, ...turns.flatMap((turn) => turnParts(turn, nameOf))];
  return `${parts.join('\n\n')}\n`;
}

/** A fence longer than any run of backticks in the text, so that nothing breaks out of it. */
export function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}

function turnParts(turn: Turn, nameOf: (model: string) => string): string[] {
  const along = [...turn.context, ...turn.images.map((_, index) => `image ${index + 1}`)];
  return [
    '## You',
    turn.prompt,
    ...(along.length ? [`*With ${along.join(', ')}*`] : []),
    `## ${turn.model === undefined ? 'Answer' : oneLine(nameOf(turn.model))}`,
    ...turn.items.map(itemPart),
    ...endPart(turn),
  ].filter((part) => part.trim() !== '');
}

function itemPart(item: Item): string {
  switch (item.type) {
    case 'text':
      return item.text.trimEnd();
    case 'reasoning':
      return details('Thinking', item.text.trim());
    case 'tool':
      return details(`${MARKS[item.status]} ${oneLine(item.title)}`, toolBody(item));
    case 'compacted':
      return details(
        `Earlier messages were summed up: ${tokens(item.before)} tokens became ${tokens(item.after)}`,
        item.summary.trim(),
      );
  }
}

const MARKS = { running: '…', done: '✓', failed: '✗' } as const;

function toolBody(tool: Tool): string {
  const input = Object.keys(tool.input).length ? [fenced('json', JSON.stringify(tool.input, null, 2))] : [];
  const diff = tool.diff ? [fenced('diff', tool.diff)] : [];
  const output = plainOutput(tool.output);
  const said = output.trim() ? [fenced('text', output)] : [];
  return [...input, ...diff, ...said].join('\n\n');
}

function details(summary: string, body: string): string {
  return `<details>\n<summary>${escaped(summary)}</summary>\n\n${body}\n\n</details>`;
}

function endPart(turn: Turn): string[] {
  if (turn.error && turn.stopReason !== 'cancelled') return [`> **${oneLine(turn.error.message)}**`];
  const ending = endingOf(turn.stopReason);
  return ending ? [`*${ending}*`] : [];
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
