// Makes the pictures of README and walkthrough from the packaged extension in a real VS Code: npm run pictures
import { ROOT } from './lib/paths.mjs';
import { run, script, step } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

script(async () => {
  await setup();
  const { buildAll } = await import('./lib/build.mjs');
  const { packageTarget } = await import('./lib/package.mjs');
  const { hostTarget } = await import('./lib/targets.mjs');
  const { setUpEditorTests } = await import('./lib/e2e-setup.mjs');
  await step('build', () => buildAll());
  await step('package', () => packageTarget(hostTarget()));
  await step('set up the editor', () => setUpEditorTests(false));
  await step('pictures', () =>
    run(process.execPath, ['--import', 'tsx', 'scripts/pictures/main.ts'], { cwd: ROOT }),
  );
});
