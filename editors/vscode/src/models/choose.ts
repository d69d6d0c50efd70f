// What "Choose Model…" does with a pick: takes the model, asks how hard it shall think, or does what is missing first.
// In: what was picked. Out: the chosen id, once it can be used. Never here: a yes to terms that nobody said.
import { commands, env, QuickInputButtons, type QuickPickItem, Uri, window } from 'vscode';
import type { Model } from '../protocol.ts';
import { askModally } from '../say.ts';
import { sentenceOf } from '../server/failures.ts';
import { PiError } from '../server/pi.ts';
import { detour } from './detour.ts';
import type { Models } from './models.ts';
import { type Opening, type Picked, pickModel, type Tools } from './picker.ts';
import { firstLink, termsOf } from './terms.ts';

const ACCEPT = 'Accept and Enable';
const READ = 'Read in Browser';

/** Where the person goes on: with the model, with the list again, or not at all. */
type Next = { readonly take: string } | { readonly again: Partial<Opening> } | undefined;

/** `filter` is typed already when the list opens. */
export async function chooseModel(tools: Tools, filter?: string): Promise<string | undefined> {
  const { models } = tools;
  const refusal = (row: Picked['row']) => ('id' in row ? refusalOf(models.find(row.id)) : undefined);
  let opening: Opening = { filter };
  for (;;) {
    const picked = await pickModel(tools, opening, refusal);
    if (!picked) return undefined;
    if (picked.row.type === 'problem') {
      await commands.executeCommand(picked.row.command);
      return undefined;
    }
    const { id } = picked.row;
    const next = await taken(tools, id, models.find(id));
    if (!next || 'take' in next) return next?.take;
    opening = { at: id, filter: picked.filter, isAgain: true, ...next.again };
  }
}

async function taken(tools: Tools, id: string, model: Model | undefined): Promise<Next> {
  const help = model && !model.available && HELP[model.unavailableReason?.code ?? ''];
  try {
    return await (help ? help(tools, model) : use(tools.models, id, model));
  } catch (error) {
    if (!(error instanceof PiError)) throw error;
    return { again: { notice: sentenceOf(error) } };
  }
}

async function use(models: Models, id: string, model: Model | undefined): Promise<Next> {
  if (model?.reasoningLevels.length) {
    const level = await pickLevel(model, models.reasoningFor(id));
    if (level === 'back') return { again: {} };
    if (level === undefined) return undefined;
    await models.chooseReasoning(id, level.level);
  }
  return take(models, id);
}

async function take(models: Models, id: string): Promise<Next> {
  await models.choose(id);
  return { take: id };
}

const HELP: Readonly<Record<string, (tools: Tools, model: Model) => Promise<Next>>> = {
  login_required: signedIn,
  login_expired: signedIn,
  model_not_enabled: enabled,
};

/** Why a model cannot be used, where nothing that could be done from here would help. */
function refusalOf(model: Model | undefined): string | undefined {
  if (!model || model.available) return undefined;
  const { code, message } = model.unavailableReason ?? { code: '', message: 'it is not available' };
  return code in HELP ? undefined : `${model.name} cannot be used: ${message}`;
}

async function signedIn({ models }: Tools, { id, provider }: Model): Promise<Next> {
  const arrival = await detour({
    signIn: async (leftScreen) => (await commands.executeCommand('pi.signIn', provider, leftScreen)) === true,
    load: async () => (await models.load()).find((model) => model.id === id),
    chosen: () => models.chosen,
  });
  switch (arrival.type) {
    case 'refused':
      return { again: {} };
    case 'signedIn':
      return useIfPossible(models, arrival.model);
    case 'away':
      return arrival.take && take(models, arrival.take.id);
  }
}

async function enabled(tools: Tools, model: Model): Promise<Next> {
  if (!(await acceptsTerms(model))) return { again: {} };
  const result = await tools.pi.request('pi/models/enable', { model: model.id });
  await tools.models.load();
  return useIfPossible(tools.models, result.model);
}

// Not every plan has every model, and an organisation may forbid one: the list then says so.
async function useIfPossible(models: Models, model: Model | undefined): Promise<Next> {
  return model?.available ? use(models, model.id, model) : { again: { notice: refusalOf(model) } };
}

// The terms stay in view while they are read in the browser.
async function acceptsTerms(model: Model): Promise<boolean> {
  const { message: text, detail } = termsOf(model);
  const link = firstLink(detail);
  for (;;) {
    const answer = await askModally({ text, detail }, ACCEPT, ...(link ? [READ] : []));
    if (answer !== READ || !link) return answer === ACCEPT;
    await env.openExternal(Uri.parse(link));
  }
}

interface LevelItem extends QuickPickItem {
  readonly level: string | null;
}

/** undefined: left; `back`: to the list again */
function pickLevel(
  model: Model,
  current: string | undefined,
): Promise<{ level: string | null } | 'back' | undefined> {
  const pick = window.createQuickPick<LevelItem>();
  pick.title = `${model.name}: Reasoning`;
  pick.step = 2;
  pick.totalSteps = 2;
  pick.placeholder = 'How hard it thinks before it answers';
  pick.buttons = [QuickInputButtons.Back];
  pick.items = [null, ...model.reasoningLevels].map((level) => ({
    level,
    label: `${level === (current ?? null) ? '$(check) ' : ''}${level ?? 'As the provider sets it'}`,
    ...(level === (current ?? null) && { description: 'current' }),
  }));
  pick.activeItems = pick.items.filter(({ level }) => level === (current ?? null));
  const answer = new Promise<LevelItem | 'back' | undefined>((resolve) => {
    pick.onDidAccept(() => pick.selectedItems.map(resolve));
    pick.onDidTriggerButton(() => resolve('back'));
    pick.onDidHide(() => resolve(undefined));
  });
  pick.show();
  return answer.finally(() => pick.dispose());
}
