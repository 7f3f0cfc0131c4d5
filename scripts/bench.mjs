// Measures speed on this machine: npm run bench -- [--against llama.cpp] [--json]
import path from 'node:path';
import { DIST } from './lib/paths.mjs';
import { run, script } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

script(async () => {
  await setup();
  const { buildAll } = await import('./lib/build.mjs');
  await buildAll();
  await run(process.execPath, [path.join(DIST, 'cli.js'), 'bench', ...process.argv.slice(2)]);
});
