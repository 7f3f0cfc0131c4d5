import { Console } from 'node:console';
import type { LoadModel } from './loaded-model.ts';
import { endWithParent } from './parent-watch.ts';
import { serve } from './serve.ts';

/** Makes this process an engine: requests on standard input, answers on standard output, logs on standard error. */
export function runEngine(load: LoadModel): void {
  // Standard output carries frames and nothing else, whatever a library prints.
  globalThis.console = new Console(process.stderr, process.stderr);
  endWithParent();
  serve(process.stdin, process.stdout, load).then(
    () => process.exit(0),
    (error: Error) => {
      process.stderr.write(`The engine cannot read its input: ${error.message}\n`);
      process.exit(1);
    },
  );
}
