// Sets everything up and runs every check: types, lint, build, package, tests, tests in a real editor.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { run, script, step } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const UNATTENDED = process.env.CI === 'true';

script(async () => {
  await setup();
  const { buildAll } = await import('./lib/build.mjs');
  const { packageTarget } = await import('./lib/package.mjs');
  const { hostTarget } = await import('./lib/targets.mjs');
  const { setUpEditorTests } = await import('./lib/e2e-setup.mjs');
  const { runTests, testFiles } = await import('./lib/run-tests.mjs');

  await step('types', async () => {
    await tool('typescript/bin/tsc', '-p', '.');
    await tool('typescript/bin/tsc', '-p', 'webview');
  });
  await step('lint', () => tool('@biomejs/biome/bin/biome', 'check', '.'));
  await step('build', () => buildAll());
  await step('package', () => packageTarget(hostTarget()));
  await step('set up the editor', () => setUpEditorTests(UNATTENDED));
  const { units, inEditor } = testFiles();
  const results = [
    ...(await step('tests', () => runTests('units', units, Math.min(2, availableParallelism())))),
    ...(await step('tests in the editor', () => runTests('editor', inEditor, 1))),
  ];
  conclude(results);
});

function tool(file, ...args) {
  return run(process.execPath, [path.join(ROOT, 'node_modules', file), ...args], { cwd: ROOT });
}

/** Prints the counts and the name of everything that did not run, and sets the exit code. */
function conclude(results) {
  const of = (kind) => results.filter((result) => result.kind === kind);
  const [failed, skipped] = [of('failed'), of('skipped')];
  console.log(`\ntests: ${of('passed').length} passed, ${failed.length} failed, ${skipped.length} skipped`);
  for (const { name, file } of failed) console.log(`  failed: ${name} (${path.relative(ROOT, file)})`);
  for (const { name, reason } of skipped) console.log(`  skipped: ${name}: ${reason}`);
  if (failed.length > 0) process.exitCode = 1;
  if (UNATTENDED && skipped.length > 0) {
    console.log('With CI=true nothing may be skipped.');
    process.exitCode = 1;
  }
}
