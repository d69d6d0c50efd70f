// Numbers and times as people read them. Pure.
import type { Usage } from '../protocol.ts';

export function tokens(count: number): string {
  if (count >= 1_000_000) return `${significant(count / 1_000_000, 3)}M`;
  if (count >= 10_000) return `${Math.round(count / 1000)}k`;
  return count >= 1000 ? `${significant(count / 1000, 4)}k` : String(count);
}

export function cost(usd: number): string {
  return `$${usd.toFixed(usd > 0 && usd < 0.01 ? 4 : 2)}`;
}

/** `now` and `at` in Unix milliseconds. */
export function ago(now: number, at: number): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  const days = Math.floor(minutes / (24 * 60));
  return days === 1 ? '1 day ago' : `${days} days ago`;
}

export function inputOf(usage: Usage): number {
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
}

/** Tokens and cost of one turn: `12k in, 300 out · $0.02`; empty where nothing was used. */
export function usageText(usage: Usage): string {
  if (inputOf(usage) + usage.outputTokens === 0) return '';
  const text = `${tokens(inputOf(usage))} in, ${tokens(usage.outputTokens)} out`;
  return usage.costUsd === null ? text : `${text} · ${cost(usage.costUsd)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function significant(number: number, digits: number): string {
  return String(Number(number.toPrecision(digits)));
}
