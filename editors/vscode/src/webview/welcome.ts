// An empty chat: what can be done here, and what to begin with. In: a Header. Out: an element; FromView `command`.
import type { Header } from '../chat/messages.ts';
import { button, element } from './dom.ts';
import type { Host } from './host.ts';

const EXAMPLES = [
  'Explain what this project does',
  'Find what is wrong with the selected code',
  'Write tests for the file that is open',
] as const;

const SIGN_IN: Readonly<Partial<Record<Header['auth'], string>>> = {
  signedOut: 'Sign in',
  expired: 'Sign in again',
};

export interface WelcomeView {
  readonly element: HTMLElement;
  update(header: Header): void;
}

export function welcomeView(host: Host, begin: (prompt: string) => void): WelcomeView {
  const actions = element('div', { class: 'buttons' });
  const examples = EXAMPLES.map((prompt) =>
    element(
      'li',
      {},
      button(prompt, () => begin(prompt), 'example'),
    ),
  );
  const root = element(
    'div',
    { class: 'welcome' },
    element('h2', {}, 'Ask about your code'),
    element(
      'p',
      {},
      'Files, selections, problems and pictures can go along. Code of an answer can be copied, inserted, or compared with what it replaces.',
    ),
    actions,
    element('h3', {}, 'For example'),
    element('ul', { class: 'examples' }, ...examples),
  );
  let drawn: string | undefined;

  const update = ({ auth, model }: Header) => {
    const state = `${auth} ${model === null}`;
    if (state === drawn) return;
    drawn = state;
    const signIn = SIGN_IN[auth];
    const command = (name: 'pi.signIn' | 'pi.chooseModel') => () =>
      host.post({ type: 'command', command: name });
    const choose = button('Choose a model', command('pi.chooseModel'));
    actions.replaceChildren(
      ...(signIn ? [button(signIn, command('pi.signIn'), 'primary'), choose] : [choose]),
    );
  };

  return { element: root, update };
}
