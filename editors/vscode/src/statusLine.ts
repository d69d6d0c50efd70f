// What the status bar says of pi, from all that is known. In: the server's phase, who is signed in, what runs. Out: a
// text, what a click does, what hovering and a screen reader tell. Pure.
import type { Phase } from './server/pi.ts';

export interface Situation {
  readonly phase: Phase;
  /** Why the server is missing or has failed */
  readonly reason: string | undefined;
  readonly version: string | undefined;
  readonly auth: 'unknown' | 'signedOut' | 'signingIn' | 'expired' | 'ready';
  /** Answers that are coming */
  readonly running: number;
  /** For people; undefined while nobody knows which one the server takes */
  readonly model: string | undefined;
  readonly provider: string | undefined;
  readonly account: string | undefined;
  /** Where the credential comes from, in words */
  readonly credential: string | undefined;
  readonly reasoning: string | undefined;
  /** Why that model cannot be used, in few words; empty when it can */
  readonly obstacle: string;
}

export interface StatusLine {
  readonly text: string;
  readonly command: string;
  /** What a click does, as a sentence's end: `Click to …` */
  readonly click: string;
  readonly severity: 'none' | 'warning';
  /** One thing a line, for the tooltip and the screen reader */
  readonly lines: readonly string[];
}

const MENU = { command: 'pi.menu', click: 'show the menu' };
const SIGN_IN = { command: 'pi.signIn', click: 'sign in' };

export function statusLine(now: Situation): StatusLine {
  const lines = facts(now);
  switch (now.phase) {
    case 'missing':
      return {
        text: '$(warning) pi: no server',
        command: 'pi.server.install',
        click: 'install the server',
        severity: 'warning',
        lines: [now.reason ?? 'The pi server is not installed here', ...lines],
      };
    case 'misconfigured':
      return {
        text: '$(warning) pi: wrong setting',
        command: 'pi.openSettings',
        click: 'open the settings',
        severity: 'warning',
        lines: [now.reason ?? 'A setting keeps the pi server from starting', ...lines],
      };
    case 'failed':
      return {
        text: '$(error) pi: server stopped',
        command: 'pi.server.restart',
        click: 'start it again',
        severity: 'warning',
        lines: [now.reason ?? 'The pi server does not run', ...lines],
      };
    case 'starting':
      return {
        text: '$(sync~spin) pi: starting',
        ...MENU,
        severity: 'none',
        lines: ['The server starts', ...lines],
      };
    default:
      return { severity: 'none', ...signedIn(now, lines) };
  }
}

function signedIn(now: Situation, lines: readonly string[]): Omit<StatusLine, 'severity'> {
  const name = now.model ?? 'pi';
  if (now.auth === 'signingIn')
    return { text: '$(sync~spin) pi: signing in', ...MENU, lines: ['Signing in', ...lines] };
  if (now.running > 0) {
    const many = now.running > 1 ? `${now.running} answers are coming` : 'An answer is coming';
    return { text: `$(sync~spin) ${name}`, ...MENU, lines: [many, ...lines] };
  }
  if (now.auth === 'signedOut')
    return { text: '$(sign-in) pi: Sign in', ...SIGN_IN, lines: ['Nobody is signed in', ...lines] };
  if (now.auth === 'expired')
    return {
      text: '$(warning) pi: Sign in again',
      command: 'pi.signIn',
      click: 'sign in again',
      lines: ['The sign-in has expired', ...lines],
    };
  if (now.obstacle)
    return {
      text: `$(warning) ${name}`,
      command: 'pi.chooseModel',
      click: 'choose a model',
      lines: [`${name} cannot be used: ${now.obstacle}`, ...lines],
    };
  return { text: `$(sparkle) ${name}`, ...MENU, lines };
}

function facts(now: Situation): string[] {
  const where = now.provider ? ` of ${now.provider}` : '';
  return [
    now.model && `Model: ${now.model}${where}`,
    now.reasoning && `Reasoning: ${now.reasoning}`,
    now.account && `Account: ${now.account}`,
    now.credential && `Credential: ${now.credential}`,
    now.phase === 'stopped' && 'Server: stopped',
    now.phase === 'running' && now.version && `Server: version ${now.version}`,
  ].filter((line) => typeof line === 'string');
}
