// The person's browser and clipboard, wherever those are.
// In: a web address, a text. Out: whether it went there. Never here: an error thrown, an endless wait, a loopback
// address made reachable from elsewhere: it is a redirect of the provider's that must come as it was registered.
import { env, Uri } from 'vscode';

/** A browser that was not asked for permission never answers. */
const CLIPBOARD_MS = 1500;

export async function openPage(address: string): Promise<boolean> {
  if (!/^https?:\/\//i.test(address)) return false;
  try {
    return await env.openExternal(Uri.parse(address, true));
  } catch {
    return false;
  }
}

export async function copyText(text: string): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, CLIPBOARD_MS, false);
  });
  const written = Promise.resolve(env.clipboard.writeText(text)).then(
    () => true,
    () => false,
  );
  const copied = await Promise.race([written, late]);
  clearTimeout(timer);
  return copied;
}
