// Bundles the extension (for the extension host) and the chat (for its webview) into dist/.
// `node esbuild.mjs` for release; `--watch` while working; `--tests` the tests that run inside the extension host.
import { context } from 'esbuild';

const watch = process.argv.includes('--watch');
const common = {
  bundle: true,
  outdir: 'dist',
  minify: !watch,
  sourcemap: watch,
  legalComments: 'none',
  logLevel: 'warning',
};

const bundles = [
  {
    ...common,
    entryPoints: ['src/extension.ts'],
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode'],
  },
  {
    ...common,
    entryPoints: ['src/webview/main.ts', 'src/webview/chat.css'],
    platform: 'browser',
    format: 'iife',
    target: 'chrome122',
    loader: { '.svg': 'text' },
  },
];

const tests = {
  ...common,
  outdir: 'dist/test',
  entryPoints: ['test/host/*.ts'],
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  minify: false,
  external: ['vscode', 'mocha'],
};

for (const bundle of process.argv.includes('--tests') ? [tests] : bundles) {
  const build = await context(bundle);
  if (watch) await build.watch();
  else {
    await build.rebuild();
    await build.dispose();
  }
}
