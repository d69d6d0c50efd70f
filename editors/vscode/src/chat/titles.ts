// Titles of chats, as the server makes them from the first prompt, for the moments before it has said so. Pure.

export const UNTITLED = 'New chat';
const LENGTH = 80;

/** One line of at most 80 characters, cut between words where there are some. */
export function titleOf(prompt: string): string {
  const line = oneLine(prompt.slice(0, LENGTH * 20));
  const characters = [...line];
  if (characters.length <= LENGTH) return line || UNTITLED;
  const cut = characters.slice(0, LENGTH - 1).join('');
  const words = cut.slice(0, Math.max(cut.lastIndexOf(' '), 0));
  return `${(words.length > LENGTH / 2 ? words : cut).trimEnd()}…`;
}

function oneLine(text: string): string {
  return text
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
}
