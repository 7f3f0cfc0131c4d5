// Measures speed on this machine, of decoding, of forwards beside plain graphs and of training steps: npm run bench
// or of decoding alone: npm run bench -- [--against llama.cpp] [--json]
// or of forwards beside plain graphs alone: npm run bench -- forward [--json]
// or of training alone: npm run bench -- training [lora,full] [PYTHON]
// or of steps of reinforcement learning: npm run bench -- rl [STEPS] [PYTHON]
// or the extension host of an editor: npm run bench -- editor
// or the sandbox: npm run bench -- sandbox TASKS[,TASKS…] [pyodide|native] [speed,agreement,soak,starter]
import path from 'node:path';
import { DIST, ROOT } from './lib/paths.mjs';
import { run, script } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

/** What is measured by a program of bench/ and not by the product's own command. */
const OWN = ['editor', 'forward', 'rl', 'sandbox', 'training'];

script(async () => {
  await setup();
  const { buildAll } = await import('./lib/build.mjs');
  await buildAll();
  const [what, ...rest] = process.argv.slice(2);
  if (what === 'editor') await prepareEditor();
  if (OWN.includes(what)) return runOwn(what, rest);
  await run(process.execPath, [path.join(DIST, 'cli.js'), 'bench', ...process.argv.slice(2)]);
  if (what !== undefined) return;
  await runOwn('forward', []);
  await runOwn('training', []);
});

/**
 * @param {string} name
 * @param {string[]} args
 */
function runOwn(name, args) {
  const program = path.join(ROOT, 'bench', name, 'run.ts');
  return run(process.execPath, ['--import', 'tsx', program, ...args]);
}

async function prepareEditor() {
  const { packageTarget } = await import('./lib/package.mjs');
  const { hostTarget } = await import('./lib/targets.mjs');
  const { setUpEditorTests } = await import('./lib/e2e-setup.mjs');
  await packageTarget(hostTarget());
  await setUpEditorTests(false);
}
