// What another extension says to a model, as `pi/chat` takes it. In: VS Code's messages and options, whose parts are
// told apart by their shape (their classes are newer than the oldest VS Code). Out: params of a turn that keeps nothing.
// Pure. Never here: tools of ours; whoever asks brings its own and runs them.
import type { Block, ChatParams, ImageBlock, Message, TextBlock } from '../protocol.ts';
import type { RequestMessage, RequestOptions } from './languageModelApi.ts';

const ASSISTANT = 2;
const SYSTEM = 3;
const MUST_CALL = 2;
const IMAGE = /^image\/(png|jpeg|gif|webp)$/;
const TEXT = /^text\/|[/+]json$/;
/** What a model is told that is asked to go on with its own words; no provider takes those as the last ones */
const GO_ON = 'Continue';

export function chatParams(
  ids: { readonly model: string; readonly turn: string },
  messages: readonly RequestMessage[],
  options: RequestOptions,
  now: number,
): ChatParams {
  const system = messages.filter(({ role }) => role === SYSTEM).map((message) => told(message).text);
  const said = messages.filter(({ role }) => role !== SYSTEM).flatMap(saidIn);
  const last = said.at(-1);
  const asked = last?.role === 'user' ? said.pop() : undefined;
  return {
    turnId: ids.turn,
    model: ids.model,
    prompt: asked ? textOf(asked.content) : last?.role === 'tool' ? '' : GO_ON,
    images: (asked?.content ?? [])
      .filter((block) => block.type === 'image')
      .map(({ mimeType, data }) => ({ mimeType, data })),
    messages: said.map((one, index) => ({ ...one, id: String(index), createdAt: now })),
    ephemeral: true,
    tools: false,
    ...(system.length && { system: system.join('\n\n') }),
    ...toolsOf(options),
    ...limitsOf(options),
  };
}

/** For counting: all that a message says, and how many pictures it shows. */
export function told(message: RequestMessage): { text: string; images: number } {
  const blocks = message.content.flatMap((part) => blocksOf(part));
  const inner = blocks.flatMap((block) => (block.type === 'toolResult' ? block.content : [block]));
  const calls = blocks.flatMap((block) =>
    block.type === 'toolCall' ? [block.name, JSON.stringify(block.input)] : [],
  );
  return {
    text: [textOf(inner), ...calls].filter(Boolean).join('\n'),
    images: inner.filter(({ type }) => type === 'image').length,
  };
}

type Said = Pick<Message, 'role' | 'content'>;

// Results of tools come in a message of the user; here they are one of their own, before what the user says.
function saidIn(message: RequestMessage): Said[] {
  const blocks = message.content.flatMap((part) => blocksOf(part));
  if (message.role === ASSISTANT) return filled([{ role: 'assistant', content: blocks }]);
  return filled([
    { role: 'tool', content: blocks.filter(({ type }) => type === 'toolResult') },
    { role: 'user', content: blocks.filter(({ type }) => type === 'text' || type === 'image') },
  ]);
}

function filled(said: readonly Said[]): Said[] {
  return said.filter(({ content }) => content.length > 0);
}

interface Part {
  readonly value?: unknown;
  readonly callId?: unknown;
  readonly name?: unknown;
  readonly input?: unknown;
  readonly content?: unknown;
  readonly mimeType?: unknown;
  readonly data?: unknown;
}

// What is not known is left out: VS Code's own marks for a cache, for one, are parts as well.
function blocksOf(part: unknown): Block[] {
  if (typeof part === 'string') return part ? [{ type: 'text', text: part }] : [];
  if (typeof part !== 'object' || part === null) return [];
  const { callId, name, input, content } = part as Part;
  if (typeof callId !== 'string') return shown(part);
  if (typeof name === 'string') return [{ type: 'toolCall', id: callId, name, input: asObject(input) }];
  const parts = Array.isArray(content) ? content : [];
  return [{ type: 'toolResult', toolCallId: callId, isError: false, content: parts.flatMap(resultOf) }];
}

function shown(part: Part): (TextBlock | ImageBlock)[] {
  const { value, mimeType, data } = part;
  if (typeof value === 'string') return value ? [{ type: 'text', text: value }] : [];
  if (typeof mimeType !== 'string' || !(data instanceof Uint8Array)) return [];
  if (IMAGE.test(mimeType)) return [{ type: 'image', mimeType, data: Buffer.from(data).toString('base64') }];
  return TEXT.test(mimeType) ? [{ type: 'text', text: Buffer.from(data).toString('utf8') }] : [];
}

// A tool may answer with an object that VS Code would render; the model reads it as JSON.
function resultOf(part: unknown): (TextBlock | ImageBlock)[] {
  if (typeof part === 'string') return [{ type: 'text', text: part }];
  if (typeof part !== 'object' || part === null) return [];
  const { value } = part as Part;
  if (typeof value === 'object' && value !== null) return [{ type: 'text', text: JSON.stringify(value) }];
  return shown(part);
}

function toolsOf({ tools, toolMode }: RequestOptions): Partial<ChatParams> {
  if (!tools?.length) return {};
  return {
    clientTools: tools.map(({ name, description, inputSchema }) => ({
      name,
      description,
      inputSchema: { type: 'object', ...inputSchema },
    })),
    ...(toolMode === MUST_CALL && { toolChoice: 'required' }),
  };
}

// What callers name differently; anything else that they would set is the provider's business.
function limitsOf({ modelOptions = {} }: RequestOptions): Partial<ChatParams> {
  const most = modelOptions.maxOutputTokens ?? modelOptions.max_tokens;
  return typeof most === 'number' && Number.isInteger(most) && most > 0 ? { maxOutputTokens: most } : {};
}

function textOf(blocks: readonly Block[]): string {
  return blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
