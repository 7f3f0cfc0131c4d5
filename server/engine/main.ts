import { Console } from 'node:console';
import type { RunningDevice } from '../protocol.ts';
import { loadModel } from './load.ts';
import { probe } from './probe.ts';
import { runEngine } from './run-engine.ts';
import { fromWords } from './running.ts';
import { measureModel } from './tune.ts';

const [task, device, ...rest] = process.argv.slice(2);
const on = fromWords(device as RunningDevice, rest);

if (task === '--probe') {
  print(probe(on).catch((error: Error) => ({ problem: error.message })));
} else if (task === '--tune') {
  print(measureModel(rest[0], on));
} else {
  runEngine(loadModel);
}

/** The result of a task is the one line on standard output, whatever a library prints. */
function print(result: Promise<unknown>): void {
  globalThis.console = new Console(process.stderr, process.stderr);
  void result.then((value) => process.stdout.write(`${JSON.stringify(value)}\n`));
}
