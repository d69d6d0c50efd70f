// What helps where no server runs. In: the phase, and whether the person's setting named the program. Out: buttons.
// Pure. Never here: what went wrong.
import type { Phase } from './pi.ts';

/** Commands by their labels */
export type Buttons = Readonly<Record<string, string>>;

export const SHOW_LOG: Buttons = { 'Show Log': 'pi.showLog' };
const SELECT: Buttons = { Select: 'pi.server.select' };

/** Null in a phase that needs no help */
export function buttonsOf(phase: Phase, named: boolean): Buttons | null {
  const select = named ? SELECT : {};
  const buttons: Readonly<Partial<Record<Phase, Buttons>>> = {
    missing: { Install: 'pi.server.install', ...SELECT, ...SHOW_LOG },
    misconfigured: { ...select, 'Open Settings': 'pi.openSettings', ...SHOW_LOG },
    failed: { Restart: 'pi.server.restart', ...select, ...SHOW_LOG },
  };
  return buttons[phase] ?? null;
}
