// What the person does now in a sign-in that was begun, by the kind of its step.
// In: a step, and a hand for each kind of doing. Out: what came of it. Pure.
// Never here: an attempt left open, of which nobody here knows how it goes on.
import type { BrowserStep, DeviceCodeStep, LoginStep, PasteCodeStep } from '../protocol.ts';
import { PiError } from '../server/pi.ts';

export interface Hands<T> {
  /** A code comes back by a paste, or by the browser itself */
  pasted(step: PasteCodeStep | BrowserStep): Promise<T>;
  /** A code is entered on the provider's page */
  entered(step: DeviceCodeStep): Promise<T>;
  cancel(): Promise<unknown>;
}

export async function handled<T>(step: LoginStep, hands: Hands<T>): Promise<T> {
  switch (step.type) {
    case 'pasteCode':
    case 'browser':
      return hands.pasted(step);
    case 'deviceCode':
      return hands.entered(step);
    default:
      await hands.cancel();
      throw unknownStep();
  }
}

/** A later server has other ways to sign in. */
function unknownStep(): PiError {
  const message =
    'This way to sign in is newer than the extension; update the extension, or sign in another way';
  return new PiError({ code: 'client_outdated', message, retryable: false });
}
