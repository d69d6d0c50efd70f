// Runs the tests beside it inside VS Code's extension host, where `vscode` is the real one.
// In: HOST_TEST_RESULTS, a file to write. Out: there, a line of JSON for each test; `run` rejects when one failed.
// Never here: a test.
import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';

// What may only be seen before the extension is used comes first.
const FIRST = 'activation.test.cjs';

export async function run(): Promise<void> {
  const results = process.env.HOST_TEST_RESULTS ?? '';
  const mocha = new Mocha({ ui: 'tdd', timeout: 20_000, reporter: Mocha.reporters.Base });
  const files = readdirSync(__dirname).filter((name) => name.endsWith('.test.cjs') && name !== FIRST);
  for (const name of [FIRST, ...files.sort()]) mocha.addFile(join(__dirname, name));
  const failed = await new Promise<number>((done) => {
    const runner = mocha.run(done);
    const say = (test: Mocha.Test | Mocha.Hook, error?: Error) =>
      appendFileSync(results, `${JSON.stringify({ test: test.fullTitle(), error: error?.stack ?? null })}\n`);
    runner.on('pass', (test) => say(test)).on('fail', say);
  });
  if (failed) throw new Error(`${failed} tests failed`);
}
