// What VS Code has of the models: a command, and the models in its own chat where it lets others add some.
// In: the server, accounts, models. Out: what is registered, and the context key `pi.modelChosen`.
import { commands, Disposable, type Memento } from 'vscode';
import type { Accounts } from '../auth/accounts.ts';
import type { Pi } from '../server/pi.ts';
import { chooseModel } from './choose.ts';
import { registerLanguageModels } from './languageModels.ts';
import type { Models } from './models.ts';

export function registerModels(pi: Pi, accounts: Accounts, models: Models, globalState: Memento): Disposable {
  tellChosen(models);
  return Disposable.from(
    models.onDidChange(() => tellChosen(models)),
    /** Resolves to the id that was chosen, or to nothing; `filter` stands in the list's input already. */
    commands.registerCommand('pi.chooseModel', (filter?: unknown) =>
      chooseModel({ pi, accounts, models }, typeof filter === 'string' ? filter : undefined),
    ),
    registerLanguageModels(pi, accounts, models, globalState),
  );
}

function tellChosen(models: Models): void {
  void commands.executeCommand('setContext', 'pi.modelChosen', models.chosen !== undefined);
}
