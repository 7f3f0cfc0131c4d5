import { RunFolder } from '../train/run/run-folder.ts';
import { type Command, UsageError } from './command.ts';
import { currentState } from './runs-list.ts';

export const runsShow: Command = {
  name: 'runs show',
  usage: 'DIR',
  summary: 'show the state of a run and its last step',
  options: {},
  async run(args, _values, io) {
    if (args.length !== 1) throw new UsageError('one run folder is needed');
    const run = await RunFolder.open(args[0]);
    const [state, config, metrics] = [await currentState(run.dir), await run.config(), await run.metrics()];
    const last = metrics.at(-1);
    const lines = [
      `${run.dir}: ${state?.status ?? 'new'}, step ${state?.step ?? 0} of ${state?.steps ?? config.steps}`,
      ...(state?.reason ? [state.reason] : []),
      ...(last ? [`last step: ${JSON.stringify(last)}`] : []),
    ];
    io.result(lines.join('\n'), { dir: run.dir, state, config, last });
  },
};
