import path from 'node:path';
import { resolveSettings, type SftSettings } from '../train/settings.ts';
import { runSft, type StepProgress } from '../train/sft.ts';
import { SFT_PRESETS } from '../train/sft-presets.ts';
import { type Command, type Io, UsageError } from './command.ts';
import { duration, openRun, type Training, trainingOptions } from './open-run.ts';

const SFT: Training<SftSettings> = {
  name: 'sft',
  presets: SFT_PRESETS,
  resolve: resolveSettings,
  absolute: (settings) => ({
    ...settings,
    model: path.resolve(settings.model),
    data: settings.data.map((one) => path.resolve(one)),
    testSets: settings.testSets.map((one) => path.resolve(one)),
  }),
};

export const trainSft: Command = {
  name: 'train sft',
  usage: '--preset P | --config F [--run DIR] [--set key=value] | --resume DIR',
  summary: 'fine-tune a model on texts; everything about the run is kept in its folder',
  options: trainingOptions(SFT),
  async run(args, values, io) {
    if (args.length > 0) throw new UsageError(`${args[0]} is not expected`);
    const { run, settings } = await openRun(values, SFT);
    io.note(`run folder ${run.dir}`);
    const state = await runSft(run, settings, io.signal, (progress) => report(io, progress, settings.steps));
    io.result(`${state.status} after ${state.step} of ${state.steps} steps: ${run.dir}`, {
      run: run.dir,
      ...state,
    });
  },
};

function report(io: Io, progress: StepProgress, steps: number): void {
  const terms = Object.entries(progress.terms).map(([term, loss]) => `${term} ${loss.toFixed(3)}`);
  io.note(
    [
      `step ${progress.step}/${steps}`,
      progress.skipped ? 'skipped, not finite' : `loss ${progress.loss.toFixed(4)} (${terms.join(', ')})`,
      `${progress.rowsPerSecond.toFixed(0)} rows/s`,
      `${(progress.memory / 1e9).toFixed(2)} GB`,
      `${duration(progress.secondsLeft)} left`,
    ].join('  '),
  );
}
