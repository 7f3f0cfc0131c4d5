import { defaultThreads } from '../engine/threads.ts';
import { verifyForward } from '../engine/verify.ts';
import { openModel } from '../models/registry.ts';
import { verifyGradients } from '../train/verify-gradients.ts';
import { type Command, UsageError } from './command.ts';
import { GoldenFile } from './golden-file.ts';

export const modelVerify: Command = {
  name: 'model verify',
  usage: 'DIR GOLDEN [--grad]',
  summary: 'run the rows of a golden file through a model and compare the logits',
  options: {
    grad: { type: 'boolean', help: 'compare the gradients of all weights too, and those of adapters' },
  },
  async run(args, values, io) {
    const [dir, file] = args;
    if (!dir || !file || args.length > 2) throw new UsageError('needs a model folder and a golden file');
    const golden = await GoldenFile.open(file);
    const rows = await golden.logits();
    const gradients = values.grad === true ? await golden.gradients() : undefined;
    const folder = await openModel(dir);
    const logits = await verifyForward(folder, rows, defaultThreads());
    const lines = [
      `largest difference of a logit ${logits.maxAbsLogit.toExponential(2)}, ` +
        `same best token in ${(100 * logits.top1Agreement).toFixed(1)} % of ${rows.ids.length} rows`,
    ];
    const agreement = gradients && (await verifyGradients(folder, gradients, defaultThreads()));
    if (agreement) {
      lines.push(
        `largest difference of a gradient ${agreement.maxRelGrad.toExponential(2)} of the largest gradient, ` +
          `in ${agreement.worstParameter}`,
      );
    }
    io.result(lines.join('\n'), { ...logits, ...agreement });
  },
};
