// Measures speed on this machine: npm run bench -- [--against llama.cpp] [--json]
// or the sandbox: npm run bench -- sandbox TASKS[,TASKS…] [pyodide|native] [speed,agreement,soak,starter]
import path from 'node:path';
import { DIST, ROOT } from './lib/paths.mjs';
import { run, script } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

script(async () => {
  await setup();
  const { buildAll } = await import('./lib/build.mjs');
  await buildAll();
  const [what, ...rest] = process.argv.slice(2);
  const program =
    what === 'sandbox'
      ? ['--import', 'tsx', path.join(ROOT, 'bench/sandbox/run.ts'), ...rest]
      : [path.join(DIST, 'cli.js'), 'bench', ...process.argv.slice(2)];
  await run(process.execPath, program);
});
