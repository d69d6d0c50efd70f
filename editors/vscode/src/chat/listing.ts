// The list of chats as a person looks through it: those of this folder by day, then the others.
// In: chats, newest first. Out: groups, in order, none of them empty. Pure; `now` in Unix milliseconds.
import type { Chat } from '../protocol.ts';

export interface Group {
  readonly label: string;
  readonly chats: readonly Chat[];
}

export function grouped(chats: readonly Chat[], folders: readonly string[], now: number): Group[] {
  const here = new Set(folders.map(normal));
  const isHere = (chat: Chat) => here.size === 0 || (chat.cwd !== null && here.has(normal(chat.cwd)));
  const groups = new Map<string, Chat[]>();
  for (const chat of [...chats.filter(isHere), ...chats.filter((chat) => !isHere(chat))]) {
    const label = isHere(chat) ? dayOf(chat.updatedAt, now) : ELSEWHERE;
    groups.set(label, [...(groups.get(label) ?? []), chat]);
  }
  return [...groups].map(([label, members]) => ({ label, chats: members }));
}

const ELSEWHERE = 'Other folders';
const DAYS: readonly (readonly [number, string])[] = [
  [0, 'Today'],
  [1, 'Yesterday'],
  [7, 'The last 7 days'],
  [30, 'The last 30 days'],
];

// Calendar days of the person, so that yesterday evening is yesterday in the morning.
function dayOf(at: number, now: number): string {
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  return DAYS.find(([most]) => days <= most)?.[1] ?? 'Older';
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function normal(folder: string): string {
  return folder.length > 1 ? folder.replace(/[/\\]+$/, '') : folder;
}
