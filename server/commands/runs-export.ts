import { exportCheckpoint } from '../train/run/export.ts';
import { RunFolder } from '../train/run/run-folder.ts';
import { type Command, UsageError } from './command.ts';
import { number } from './decode-options.ts';

export const runsExport: Command = {
  name: 'runs export',
  usage: 'DIR DEST [--step N]',
  summary: 'make a model folder of the best checkpoint of a run, or of its newest where none was evaluated',
  options: { step: { type: 'string', help: 'take the checkpoint after this step' } },
  async run(args, values, io) {
    if (args.length !== 2) throw new UsageError('DIR (a run) and DEST are needed');
    const run = await RunFolder.open(args[0]);
    const model = await exportCheckpoint(run, args[1], number(values, 'step'));
    io.result(`${model.dir} is a model now`, { dir: model.dir, weights: model.weightsHash });
  },
};
