// A pick of a model that led to a sign-in first, and what that comes to. The sign-in may go on beside everything else for
// minutes: then the person is elsewhere, and nothing may open over what they do nor undo what they chose meanwhile.
// In: the sign-in, the models. Out: how the pick goes on. Never here: VS Code.
import type { Model } from '../protocol.ts';

export interface Way {
  /** Whether somebody is signed in now; `leftScreen` is called when it goes on beside. */
  signIn(leftScreen: () => void): Promise<boolean>;
  /** The model as it is then. Rejects with a PiError. */
  load(): Promise<Model | undefined>;
  chosen(): string | undefined;
}

/** In view of the person, who waits for it; or out of sight, where a model may still be taken in silence. */
export type Arrival =
  | { readonly type: 'refused' }
  | { readonly type: 'signedIn'; readonly model: Model | undefined }
  | { readonly type: 'away'; readonly take: Model | undefined };

export async function detour({ signIn, load, chosen }: Way): Promise<Arrival> {
  const before = chosen();
  let isAway = false;
  const isSignedIn = await signIn(() => {
    isAway = true;
  });
  if (!isAway) return isSignedIn ? { type: 'signedIn', model: await load() } : { type: 'refused' };
  // Whoever opens the list sees for themselves why there is none.
  const model = isSignedIn ? await load().catch(() => undefined) : undefined;
  const isWanted = model?.available && chosen() === before;
  return { type: 'away', take: isWanted ? model : undefined };
}
