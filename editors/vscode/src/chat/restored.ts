// What went along with a prompt that is read back from a kept chat: the context items that the server wrote down, a
// block each, in words and a fence. In: a user's message. Out: items as they were sent. Pure. For edit and resend.
import type { ContextItem, Message } from '../protocol.ts';

const HEADING = /^(.*?)(?:, lines (\d+)-(\d+))?(?: \(([^()]*(?:\([^()]*\)[^()]*)*)\))?:$/;

export function contextOf(message: Message): ContextItem[] {
  const texts = message.content.flatMap((block) => (block.type === 'text' ? [block.text] : []));
  return texts.slice(0, -1).map(itemOf);
}

function itemOf(block: string): ContextItem {
  const [heading = '', fence = '', ...lines] = block.split('\n');
  const [, name = heading, first, last, label] = HEADING.exec(heading) ?? [];
  const end = lines.lastIndexOf(fence);
  return {
    uri: uriOf(name),
    text: lines.slice(0, end < 0 ? undefined : end).join('\n'),
    ...(first !== undefined && last !== undefined && { range: linesOf(Number(first), Number(last)) }),
    ...(label !== undefined && { label }),
  };
}

function linesOf(first: number, last: number): NonNullable<ContextItem['range']> {
  return { start: { line: first - 1, character: 0 }, end: { line: last, character: 0 } };
}

function uriOf(name: string): string {
  return name.startsWith('/') ? `file://${name.split('/').map(encodeURIComponent).join('/')}` : name;
}
