// What stands above the chat: the model, how full its context is, and what stands in the way, with what helps.
// In: a Header. Out: elements; FromView `command`.
import type { Header, ViewCommand } from '../chat/messages.ts';
import { button, element, iconButton, setChildren, spoken } from './dom.ts';
import type { Host } from './host.ts';
import { type IconName, icon } from './icons.ts';
import { type Banner, bannerOf } from './words.ts';

export interface HeaderView {
  readonly element: HTMLElement;
  /** An empty chat says itself that nobody is signed in. */
  update(header: Header, isEmpty: boolean): void;
  /** What was closed is said again, should it be said again */
  reopen(): void;
}

export function headerView(host: Host): HeaderView {
  const name = element('span', { class: 'model-name' });
  const model = element(
    'button',
    { type: 'button', class: 'model' },
    spoken('Model:'),
    name,
    icon('chevronDown'),
  );
  model.addEventListener('click', () => host.post({ type: 'command', command: 'pi.chooseModel' }));
  const meter = meterView();
  const bar = element('div', { class: 'bar' }, model, meter.element);
  const root = element('section', { class: 'header', 'aria-label': 'Model and state' }, bar);
  let banner: { readonly of: unknown; readonly element: HTMLElement } | undefined;
  let notice: { readonly of: string; readonly element: HTMLElement } | undefined;
  let closed: string | undefined;

  const arrange = () => {
    const open = notice && notice.of !== closed ? notice.element : undefined;
    setChildren(
      root,
      [bar, banner?.element, open].filter((one) => one !== undefined),
    );
  };

  // It has been read; the next one stands there again.
  const close = (said: string) => {
    closed = said;
    arrange();
    host.focusPrompt();
  };

  const noticeView = (said: NonNullable<Header['notice']>, key: string) => {
    const shown = bannerView(host, noticeBanner(said));
    const button = iconButton('close', 'Close (Esc)', () => close(key));
    shown.append(button);
    shown.classList.add('closable');
    shown.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      close(key);
    });
    return shown;
  };

  const update = (header: Header, isEmpty: boolean) => {
    name.textContent = header.model ?? 'Choose a model';
    model.title = [header.model ?? 'No model is chosen', header.account].filter(Boolean).join(' · ');
    meter.update(header);
    const shown = bannerOf(header, isEmpty);
    if (shown !== banner?.of) banner = shown && { of: shown, element: bannerView(host, shown) };
    // By value: what comes from the extension is a copy each time.
    const said = header.notice && JSON.stringify(header.notice);
    if (said !== notice?.of)
      notice = header.notice && said ? { of: said, element: noticeView(header.notice, said) } : undefined;
    if (said !== closed) closed = undefined;
    arrange();
  };

  const reopen = () => {
    closed = undefined;
  };

  return { element: root, update, reopen };
}

function noticeBanner({ text, command, label }: NonNullable<Header['notice']>): Banner {
  return { text, kind: 'warning', buttons: command && label ? [{ label, command }] : [] };
}

const BANNER_ICONS: Readonly<Record<Banner['kind'], IconName>> = {
  info: 'info',
  warning: 'warning',
  error: 'error',
};

function bannerView(host: Host, banner: Banner): HTMLElement {
  const run = (command: ViewCommand) => () => host.post({ type: 'command', command });
  const buttons = banner.buttons.map(({ label, command }, index) =>
    button(label, run(command), index === 0 ? 'primary' : 'secondary'),
  );
  return element(
    'div',
    { class: `banner ${banner.kind}` },
    icon(BANNER_ICONS[banner.kind]),
    element('p', {}, banner.text),
    ...buttons,
  );
}

function meterView() {
  const fill = element('span', { class: 'meter-fill' });
  const text = element('span', { class: 'meter-text', 'aria-hidden': 'true' });
  const meter = element(
    'span',
    {
      class: 'meter',
      role: 'meter',
      'aria-label': 'Context used',
      'aria-valuemin': '0',
      'aria-valuemax': '100',
    },
    fill,
  );
  const root = element('span', { class: 'context-fill' }, meter, text);
  root.hidden = true;

  const update = ({ contextFill, contextDetail }: Header) => {
    root.hidden = contextFill === null;
    if (contextFill === null) return;
    const percent = Math.round(contextFill * 100);
    fill.style.width = `${Math.min(percent, 100)}%`;
    root.classList.toggle('nearly-full', percent >= 80);
    text.textContent = `${percent} %`;
    meter.setAttribute('aria-valuenow', String(Math.min(percent, 100)));
    meter.setAttribute('aria-valuetext', contextDetail || `${percent} %`);
    root.title = contextDetail;
  };

  return { element: root, update };
}
