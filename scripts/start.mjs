// Sets everything up, makes the VSIX of this machine, and shows the product at work in the terminal.
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { run, script, step } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

script(async () => {
  await setup();
  const { buildAll } = await import('./lib/build.mjs');
  const { packageTarget } = await import('./lib/package.mjs');
  const { hostTarget } = await import('./lib/targets.mjs');
  await step('build', () => buildAll());
  const vsix = await step('package', () => packageTarget(hostTarget()));
  await step('complete examples/sample.py', () =>
    run(process.execPath, ['--import', 'tsx', 'scripts/demo/main.ts'], { cwd: ROOT }),
  );
  console.log(`\nTo use it in VS Code:\n  code --install-extension ${path.relative(process.cwd(), vsix)}`);
});
