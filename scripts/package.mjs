// Makes the VSIX of one platform, or of all: node scripts/package.mjs [--target linux-x64|…|all]
import { parseArgs } from 'node:util';
import { script, step } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';
import { hostTarget, TARGETS } from './lib/targets.mjs';

script(async () => {
  const { values } = parseArgs({ options: { target: { type: 'string' } } });
  await setup();
  const { buildAll } = await import('./lib/build.mjs');
  await step('build', buildAll);
  const { packageTarget } = await import('./lib/package.mjs');
  for (const target of targets(values.target ?? hostTarget())) {
    await step(`package ${target}`, () => packageTarget(target));
  }
});

function targets(name) {
  if (name === 'all') return Object.keys(TARGETS);
  if (name in TARGETS) return [name];
  throw new Error(`No target '${name}'; there are ${Object.keys(TARGETS).join(', ')} and all.`);
}
