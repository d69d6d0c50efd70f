// The one log of the extension, "pi" in the Output panel, with the levels of "Developer: Set Log Level".
// In: sentences, the server's lines. Out: the same without anything that looks like a secret, and the last of them for
// the diagnostics. Never here: the params of a message.
import { LogLevel, type LogOutputChannel, window } from 'vscode';
import { redact } from './redaction.ts';

export interface Log extends LogOutputChannel {
  /** The last lines that the channel shows, oldest first */
  recent(count: number): readonly string[];
}

const KEPT = 500;
type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';
const NUMBERS: Readonly<Record<Level, LogLevel>> = {
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warn: LogLevel.Warning,
  error: LogLevel.Error,
};

export function createLog(): Log {
  const channel = window.createOutputChannel('pi', { log: true });
  const kept: string[] = [];
  let closed = false; // a server's last words may come after the channel has gone
  const shown = (level: Level) => channel.logLevel !== LogLevel.Off && NUMBERS[level] >= channel.logLevel;
  const keep = (level: string, line: string) => {
    kept.push(`${new Date().toISOString()} [${level}] ${line}`);
    if (kept.length > 2 * KEPT) kept.splice(0, KEPT);
  };
  const write =
    (level: Level) =>
    (message: string | Error, ...details: unknown[]) => {
      if (closed) return;
      const line = redact([message, ...details].map(written).join(' '));
      if (shown(level)) keep(level, line);
      channel[level](line);
    };
  const append = (put: (line: string) => void) => (value: string) => {
    if (closed) return;
    const line = redact(value);
    keep('info', line.trimEnd());
    put(line);
  };
  return {
    name: channel.name,
    get logLevel() {
      return channel.logLevel;
    },
    onDidChangeLogLevel: channel.onDidChangeLogLevel,
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    append: append((line) => channel.append(line)),
    appendLine: append((line) => channel.appendLine(line)),
    replace: append((line) => channel.replace(line)),
    clear: () => channel.clear(),
    show: () => channel.show(),
    hide: () => channel.hide(),
    dispose: () => {
      closed = true;
      channel.dispose();
    },
    recent: (count) => kept.slice(-count),
  };
}

/** A log that takes nothing and never says "trace", for a library that would write messages into it. */
export function silentLog(): LogOutputChannel {
  const nothing = () => undefined;
  return {
    name: 'pi',
    logLevel: LogLevel.Off,
    onDidChangeLogLevel: () => ({ dispose: nothing }),
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
    append: nothing,
    appendLine: nothing,
    replace: nothing,
    clear: nothing,
    show: nothing,
    hide: nothing,
    dispose: nothing,
  };
}

// An error's own words; a stack says nothing to the person, and data of whatever shape may hold anything.
function written(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' ? value : String(value);
}
