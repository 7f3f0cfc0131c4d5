// Bundles the programs of the product into dist/.
import { script } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

script(async () => {
  await setup();
  const { buildAll } = await import('./lib/build.mjs');
  await buildAll();
});
