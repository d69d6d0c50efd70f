import assert from 'node:assert/strict';
import { test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };

const { commands, views } = manifest.contributes;
/** VS Code makes a command of each of these for every view, and says nothing when we make it too. */
const OF_VIEWS = ['open', 'focus', 'resetViewLocation', 'removeView', 'toggleVisibility'];

test('no command has the name of one that VS Code makes for a view', () => {
  const theirs = Object.values(views)
    .flat()
    .flatMap(({ id }) => OF_VIEWS.map((name) => `${id}.${name}`));
  const ours = commands.map(({ command }) => command);
  assert.deepEqual(
    ours.filter((command) => theirs.includes(command)),
    [],
  );
});
