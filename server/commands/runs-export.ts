import { existsSync } from 'node:fs';
import path from 'node:path';
import { openModel } from '../models/registry.ts';
import type { ExportProgress, ExportResult } from '../protocol.ts';
import { checkpointStep, exportCheckpoint } from '../train/run/export.ts';
import { RunFolder } from '../train/run/run-folder.ts';
import { type Command, UsageError } from './command.ts';
import { number } from './decode-options.ts';
import { reportTenths } from './progress.ts';

export const runsExport: Command = {
  name: 'runs export',
  usage: 'DIR [DEST] [--step N]',
  summary:
    'make a model folder of the best checkpoint of a run, or of its newest where none was evaluated; without DEST in ' +
    "the run's folder models, where it is made once",
  options: { step: { type: 'string', help: 'take the checkpoint after this step' } },
  async run(args, values, io) {
    if (args.length < 1 || args.length > 2) throw new UsageError('DIR (a run) and at most DEST are needed');
    const run = await RunFolder.open(args[0]);
    const step = await checkpointStep(run, number(values, 'step'));
    const own = path.join(run.dir, 'models', `${path.basename(run.dir)}-step-${step}`);
    const progress = reportTenths((percent) => {
      const line: ExportProgress = { share: percent / 100 };
      if (io.json) io.result('', line);
      else io.note(`${percent} % of the weights written`);
    });
    const model =
      args.length === 1 && existsSync(own)
        ? await openModel(own)
        : await exportCheckpoint(run, args[1] ?? own, step, { progress, signal: io.signal });
    const result: ExportResult = { dir: model.dir, weights: model.weightsHash, step };
    io.result(`${model.dir} is a model now`, result);
  },
};
