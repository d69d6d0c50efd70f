// Markdown as HTML, without a DOM. In: text of a model, which is nobody's friend. Out: HTML with no address in it that a
// browser would follow or load: links carry what they point to in `data-href`, code blocks their language in
// `data-language`. Never here: HTML of the model (it is shown as text), a remote picture. What comes out is sanitised
// once more before it becomes DOM.
import MarkdownIt, { type Env, type MarkdownItOptions, type Token } from 'markdown-it';
import { isInlinePicture, linkTarget } from './links.ts';

const markdown = new MarkdownIt({ html: false, linkify: true });

// Names such as `main.rs` are no hosts: only what is written as an address becomes a link.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });

markdown.validateLink = (href) => linkTarget(href) !== null || isInlinePicture(href);

const { escapeHtml } = markdown.utils;
const CHAT_HEADING = 2;
const LOWEST_HEADING = 6;

markdown.renderer.rules.link_open = (tokens, index) => {
  const href = String(tokens[index]?.attrGet('href') ?? '');
  const title = String(tokens[index]?.attrGet('title') ?? '') || href;
  return linkTarget(href) === null
    ? '<a>'
    : `<a role="link" tabindex="0" data-href="${escapeHtml(href)}" title="${escapeHtml(title)}">`;
};

// A picture from elsewhere is offered as a link, never loaded.
markdown.renderer.rules.image = (tokens, index, options, env, self) => {
  const token = tokens[index];
  const src = String(token?.attrGet('src') ?? '');
  const alt = self.renderInlineAsText(token?.children ?? [], options, env);
  if (isInlinePicture(src)) return `<img src="${src}" alt="${escapeHtml(alt || 'Picture')}">`;
  return `<a role="link" tabindex="0" data-href="${escapeHtml(src)}" title="${escapeHtml(src)}">${escapeHtml(alt || src)}</a>`;
};

markdown.renderer.rules.fence = (tokens, index) => {
  const token = tokens[index];
  return codeHtml(token?.content ?? '', languageOf(token?.info ?? ''));
};

markdown.renderer.rules.code_block = (tokens, index) => codeHtml(tokens[index]?.content ?? '', '');

// A wide table scrolls in itself, not the chat; whoever has no mouse must be able to get into it.
markdown.renderer.rules.table_open = () =>
  '<div class="table" role="region" tabindex="0" aria-label="Table"><table>\n';
markdown.renderer.rules.table_close = () => '</table></div>\n';

markdown.core.ruler.push('pi', ({ tokens, env }) => {
  for (const [index, token] of tokens.entries()) {
    lowerHeading(token, env);
    alignByClass(token);
    if (token.type === 'inline') markTask(token, tokens[index - 2]);
  }
});

/** The language that stands behind an opening fence */
export function languageOf(info: string): string {
  return markdown.utils.unescapeAll(info).trim().split(/\s+/, 1)[0]?.toLowerCase() ?? '';
}

export function html(source: string, env: Env = {}): string {
  return markdown.render(source, env);
}

/** What a text leaves behind for the text after it: links that it defined, how deep its headings went */
export function copied(env: Env): Env {
  return { ...env, references: { ...env.references } };
}

/** The top-level blocks of a text, with the lines that each begins and ends at; a link's definition is none. */
export interface Block {
  readonly type: string;
  readonly from: number;
  readonly to: number;
  readonly token: Token;
}

export function topLevelBlocks(source: string, env: Env): Block[] {
  const tokens: Token[] = [];
  markdown.block.parse(source, markdown, env, tokens);
  return tokens.flatMap((token) =>
    token.level === 0 && token.nesting >= 0 && token.map
      ? [{ type: token.type, from: token.map[0], to: token.map[1], token }]
      : [],
  );
}

function codeHtml(text: string, language: string): string {
  return `<pre data-language="${escapeHtml(language)}"><code>${escapeHtml(text)}</code></pre>\n`;
}

// The chat's own headings are of the second level. No level is left out on the way down, which whoever jumps from
// heading to heading relies upon and models do not heed.
function lowerHeading(token: Token, env: Env): void {
  if (token.type !== 'heading_open' && token.type !== 'heading_close') return;
  const above = Number(env.heading ?? CHAT_HEADING);
  const level = Math.min(Number(token.tag.slice(1)) + CHAT_HEADING, above + 1, LOWEST_HEADING);
  if (token.type === 'heading_close') env.heading = level;
  token.tag = `h${level}`;
}

// The content security policy allows no style in HTML.
function alignByClass(token: Token): void {
  if (token.type !== 'th_open' && token.type !== 'td_open') return;
  const align = /text-align:(\w+)/.exec(String(token.attrGet('style') ?? ''))?.[1];
  token.attrs = align ? [['class', `align-${align}`]] : null;
}

// `- [x] done` of a list item's first paragraph
function markTask(inline: Token, parent: Token | undefined): void {
  const first = inline.children?.[0];
  const mark =
    parent?.type === 'list_item_open' && first?.type === 'text' && /^\[([ xX])\] /.exec(first.content);
  if (!mark || !first || !inline.children) return;
  parent.attrJoin('class', 'task');
  first.content = first.content.slice(4);
  const box = new TokenOf('html_inline', '', 0);
  const done = mark[1] !== ' ';
  box.content = `<span class="check" role="img" aria-label="${done ? 'Done' : 'To do'}">${done ? '☑' : '☐'}</span> `;
  inline.children.unshift(box);
}

const TokenOf = new markdown.core.State('', markdown, {}).Token;

/** What a text says, without its signs: for those who listen. */
export function plainText(source: string): string {
  const env: Env = {};
  return markdown
    .parse(source, env)
    .map((token) => {
      if (token.type === 'fence' || token.type === 'code_block')
        return `Code${token.info ? `, ${languageOf(token.info)}` : ''}: ${token.content}`;
      return token.type === 'inline'
        ? markdown.renderer.renderInlineAsText(
            token.children ?? [],
            markdown.options as Required<MarkdownItOptions>,
            env,
          )
        : '';
    })
    .filter((text) => text.trim() !== '')
    .join('\n');
}
