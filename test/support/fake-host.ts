/** A process that hosts the fake engine. The argument is the prompt; with `dispose` it disposes and has nothing left to do. */
import { EngineHost } from '../../server/engine/host.ts';
import { FAKE_ENGINE, request, SETTINGS } from './engine-lab.ts';

const [prompt, then] = process.argv.slice(2);
const host = new EngineHost({
  command: { args: FAKE_ENGINE },
  settings: SETTINGS,
  log: (line) => process.stdout.write(`${line}\n`),
});
void host.complete(request(prompt)).then(() => {
  if (then === 'dispose') void host.dispose();
});
