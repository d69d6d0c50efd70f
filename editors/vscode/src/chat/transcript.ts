// A chat as a value: `reduce(turn, event)` for what streams, `turnsOf(messages)` for what is kept.
// Pure: a turn is never changed, and an item that did not change is the same object as before, so that whoever draws
// compares by identity. Used on both sides of the webview. Never here: an editor, a DOM, a time.
import type { Block, Failure, Message, Retry, TurnEvent, Usage } from '../protocol.ts';

export interface Turn {
  readonly id: string;
  readonly prompt: string;
  /** What went along, a few words each */
  readonly context: readonly string[];
  readonly images: readonly Picture[];
  readonly status: 'waiting' | 'streaming' | 'ended';
  readonly items: readonly Item[];
  readonly model?: string;
  readonly credentialSource?: string;
  readonly usage?: Usage;
  readonly retry?: Retry;
  readonly stopReason?: Message['stopReason'];
  readonly error?: Failure;
  /** Of the last message that is kept of it; a fork after it keeps this turn */
  readonly lastMessageId?: string;
}

export interface Picture {
  readonly mimeType: string;
  /** base64 */
  readonly data: string;
}

export type Item =
  | { readonly type: 'text' | 'reasoning'; readonly text: string }
  | Tool
  | { readonly type: 'compacted'; readonly summary: string; readonly before: number; readonly after: number };

export interface Tool {
  readonly type: 'tool';
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: string;
  readonly images: readonly Picture[];
  readonly diff?: string;
  readonly status: 'running' | 'done' | 'failed';
}

export function newTurn(
  id: string,
  prompt: string,
  context: readonly string[] = [],
  images: readonly Picture[] = [],
): Turn {
  return { id, prompt, context, images, status: 'waiting', items: [] };
}

/** The turn after the event. An event of a kind that is not known yet, or after the end, changes nothing. */
export function reduce(turn: Turn, event: TurnEvent): Turn {
  if (turn.status === 'ended') return turn;
  switch (event.type) {
    case 'started':
      return { ...turn, status: 'streaming', model: event.model, credentialSource: event.credentialSource };
    case 'text':
    case 'reasoning':
      return grown(turn, event.type, event.delta);
    case 'toolCall':
      return withTool(turn, event.id, { name: event.name, title: event.title, input: event.input });
    case 'toolOutput':
      return withTool(turn, event.id, {}, event.delta);
    case 'toolResult': {
      const text = textOf(event.content);
      return withTool(turn, event.id, {
        status: event.isError ? 'failed' : 'done',
        images: picturesOf(event.content),
        ...(text && { output: text }),
        ...(event.diff !== undefined && { diff: event.diff }),
      });
    }
    case 'retry':
      return { ...turn, retry: event };
    case 'usage':
      return { ...turn, usage: event.usage };
    case 'compacted':
      return withItems(turn, [
        ...turn.items,
        { type: 'compacted', summary: event.summary, before: event.tokensBefore, after: event.tokensAfter },
      ]);
    case 'ended':
      return ended(turn, event);
    default:
      return turn;
  }
}

/** The same events with neighbouring deltas made one, so that ten thousand cost no more than one. */
export function joined(events: readonly TurnEvent[]): TurnEvent[] {
  const result: TurnEvent[] = [];
  let parts: string[] = [];
  const flush = () => {
    const last = result.at(-1);
    if (last && parts.length > 1) result[result.length - 1] = { ...last, delta: parts.join('') } as TurnEvent;
    parts = [];
  };
  for (const event of events) {
    if (!continues(result.at(-1), event)) {
      flush();
      result.push(event);
    }
    if ('delta' in event) parts.push(event.delta);
  }
  flush();
  return result;
}

/** The turns of a kept chat, as `pi/chat/read` tells it. */
export function turnsOf(messages: readonly Message[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    if (message.role === 'user') {
      turns.push({ ...closed(turnOfPrompt(message), message), lastMessageId: message.id });
      continue;
    }
    const last = turns.pop();
    if (last)
      turns.push({
        ...closed(message.content.reduce(ofBlock, { ...last, status: 'streaming' }), message),
        lastMessageId: message.id,
      });
  }
  return turns;
}

/** The ended turn as its message tells it, for when not all of its events were heard. What only events bring is kept. */
export function mended(turn: Turn, message: Message): Turn {
  const told = message.content.reduce(ofBlock, { ...turn, items: [] }).items;
  const calls = new Set(told.flatMap((item) => (item.type === 'tool' ? [item.id] : [])));
  // The message may be the last of several of the turn.
  const earlier = turn.items.findLastIndex(
    (item) => item.type === 'compacted' || (item.type === 'tool' && !calls.has(item.id)),
  );
  const heard = (item: Item) =>
    item.type === 'tool' ? turn.items.find((one) => one.type === 'tool' && one.id === item.id) : undefined;
  const items = [...turn.items.slice(0, earlier + 1), ...told.map((item) => settled(heard(item) ?? item))];
  return told.length ? { ...turn, items } : turn;
}

/** The turn as it stands when the server does not say any more how it ended. */
export function broken(turn: Turn, stopReason: 'cancelled' | 'error', error: Failure): Turn {
  if (turn.status === 'ended') return turn;
  const { retry: _, ...rest } = turn;
  return { ...rest, status: 'ended', items: turn.items.map(settled), stopReason, error };
}

/** The text of an answer alone, without thoughts and tools. */
export function answerOf(turn: Turn): string {
  return turn.items.flatMap((item) => (item.type === 'text' ? [item.text] : [])).join('\n\n');
}

// Content has come, so a retry is over.
function withItems(turn: Turn, items: readonly Item[]): Turn {
  const { retry: _, ...rest } = turn;
  return { ...rest, items, status: 'streaming' };
}

function grown(turn: Turn, type: 'text' | 'reasoning', delta: string): Turn {
  const last = turn.items.at(-1);
  if (last?.type === type)
    return withItems(turn, [...turn.items.slice(0, -1), { type, text: last.text + delta }]);
  return withItems(turn, [...turn.items, { type, text: delta }]);
}

// A tool that was never announced is shown all the same.
function withTool(turn: Turn, id: string, changes: Partial<Tool>, output = ''): Turn {
  const index = turn.items.findIndex((item) => item.type === 'tool' && item.id === id);
  const known = turn.items[index];
  const tool: Tool =
    known?.type === 'tool'
      ? known
      : { type: 'tool', id, name: '', title: id, input: {}, output: '', images: [], status: 'running' };
  const changed: Tool = { ...tool, output: tool.output + output, ...changes };
  return withItems(turn, index < 0 ? [...turn.items, changed] : turn.items.with(index, changed));
}

function ended(turn: Turn, event: Extract<TurnEvent, { type: 'ended' }>): Turn {
  // A turn whose deltas were not heard shows what `ended` brings.
  const heard = turn.items.length ? turn : event.message.content.reduce(ofBlock, turn);
  const { retry: _, ...rest } = heard;
  return {
    ...rest,
    status: 'ended',
    items: heard.items.map(settled),
    stopReason: event.stopReason,
    usage: event.usage,
    lastMessageId: event.message.id,
    ...(event.error && { error: event.error }),
    ...(heard.model === undefined && event.message.model !== undefined && { model: event.message.model }),
  };
}

// A tool without a result did not come to one.
function settled(item: Item): Item {
  return item.type === 'tool' && item.status === 'running' ? { ...item, status: 'failed' } : item;
}

function ofBlock(turn: Turn, block: Block): Turn {
  switch (block.type) {
    case 'text':
    case 'reasoning':
      return grown(turn, block.type, block.text);
    case 'toolCall':
      return withTool(turn, block.id, { name: block.name, title: block.name, input: block.input });
    case 'toolResult':
      return withTool(turn, block.toolCallId, {
        status: block.isError ? 'failed' : 'done',
        output: textOf(block.content),
        images: picturesOf(block.content),
      });
    default:
      return turn;
  }
}

function closed(turn: Turn, message: Message): Turn {
  const { stopReason = turn.stopReason ?? 'endTurn', usage = turn.usage, model = turn.model } = message;
  return {
    ...turn,
    status: 'ended',
    stopReason,
    items: turn.items,
    ...(usage && { usage }),
    ...(model !== undefined && { model }),
  };
}

// Attached pieces stand before the prompt, each in a block that begins with its name.
function turnOfPrompt(message: Message): Turn {
  const texts = message.content.flatMap((block) => (block.type === 'text' ? [block.text] : []));
  const names = texts.slice(0, -1).map((text) => (text.split('\n', 1)[0] ?? '').replace(/:$/, ''));
  return newTurn(message.id, texts.at(-1) ?? '', names, picturesOf(message.content));
}

function textOf(blocks: readonly Block[]): string {
  return blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
}

function picturesOf(blocks: readonly Block[]): Picture[] {
  return blocks.flatMap((block) =>
    block.type === 'image' ? [{ mimeType: block.mimeType, data: block.data }] : [],
  );
}

function continues(one: TurnEvent | undefined, other: TurnEvent): boolean {
  if (!one || one.type !== other.type) return false;
  if (one.type === 'toolOutput' && other.type === 'toolOutput') return one.id === other.id;
  return one.type === 'text' || one.type === 'reasoning';
}
