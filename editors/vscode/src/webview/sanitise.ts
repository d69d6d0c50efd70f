// HTML as DOM, with only what a chat needs. In: HTML of our own renderers, which hold the model's text escaped.
// Out: a fragment. It holds if they err: no address, no handler, no style, no form, no frame gets through.
import createDOMPurify from 'dompurify';
import { isInlinePicture, linkTarget } from './links.ts';

const purify = createDOMPurify(window);

const TAGS = [
  ...['p', 'br', 'hr', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'pre', 'code', 'span', 'div'],
  ...['em', 'strong', 's', 'a', 'img', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
];

const ATTRIBUTES = [
  ...['class', 'title', 'alt', 'src', 'start', 'role', 'tabindex', 'aria-label'],
  ...['data-href', 'data-language'],
];

purify.addHook('uponSanitizeAttribute', (_node, attribute) => {
  if (attribute.attrName === 'src') attribute.keepAttr = isInlinePicture(attribute.attrValue);
  if (attribute.attrName === 'data-href') attribute.keepAttr = linkTarget(attribute.attrValue) !== null;
});

export function sanitised(html: string): DocumentFragment {
  return purify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    // Of these the hook above decides; by itself it would take `file:` and `a.py:3` for foreign schemes.
    ADD_URI_SAFE_ATTR: ['data-href'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}
