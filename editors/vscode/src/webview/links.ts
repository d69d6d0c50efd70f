// Which links a chat may follow. Pure. In: what stands in Markdown. Out: what the extension is asked to open, or null:
// then it is text like any other. Never here: opening; the extension decides once more what it does with a path.

const WEB = /^(?:https?:\/\/[^/?#]|mailto:[^@]+@)/i;
// A colon in what comes first, also where it is no scheme yet: `java%0Ascript:`.
const SCHEME = /^[^/\\?#]*:/;
const FILE_URI = /^file:\/\/\//i;
// `a.py:12` and `a.py:12:3` look like a scheme, and so does the drive of `C:\a.py`.
const LINE = /^[^:]+:\d+(?::\d+)?(?:-\d+)?$/;
const DRIVE = /^[a-z]:[\\/]/i;
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i;
const LONGEST = 4096;

/** What may be opened, as it stands; null for everything else */
export function linkTarget(href: string): string | null {
  if (href === '' || href.length > LONGEST || hasControlOrSpace(href) || ENCODED_CONTROL.test(href))
    return null;
  if (WEB.test(href) || FILE_URI.test(href)) return href;
  return isPath(href) ? href : null;
}

// Relative or absolute, perhaps with a line. `//host` would be a host, `#x` a place in this page.
function isPath(href: string): boolean {
  if (/^(?:\/\/|\\\\|[#?])/.test(href) || href.includes('\\\\')) return false;
  return DRIVE.test(href) || LINE.test(href) || !SCHEME.test(href);
}

// Browsers drop some of these inside a scheme: `java\nscript:`.
function hasControlOrSpace(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return /[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/.test(text);
}

const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[a-z0-9+/]+=*$/i;

/** A picture that is here already. Anything else would tell a stranger's server that the answer is read. */
export function isInlinePicture(src: string): boolean {
  return PICTURE.test(src);
}
