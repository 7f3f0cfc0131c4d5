import path from 'node:path';
import { RunFolder } from '../train/run/run-folder.ts';
import { parseAssignment, readSettingsFile, resolveSettings } from '../train/settings.ts';
import { runSft, type StepProgress } from '../train/sft.ts';
import { SFT_PRESETS } from '../train/sft-presets.ts';
import { type Command, type Io, UsageError, type Values } from './command.ts';

export const trainSft: Command = {
  name: 'train sft',
  usage: '--preset P | --config F [--run DIR] [--set key=value] | --resume DIR',
  summary: 'fine-tune a model on texts; everything about the run is kept in its folder',
  options: {
    preset: { type: 'string', help: `settings to begin with: ${Object.keys(SFT_PRESETS).join(', ')}` },
    config: { type: 'string', help: 'JSON file of settings' },
    run: { type: 'string', help: 'folder of the run; default runs/<time>-sft' },
    resume: { type: 'string', help: 'go on with the run in this folder' },
    set: { type: 'string', multiple: true, help: 'change one setting' },
  },
  async run(args, values, io) {
    if (args.length > 0) throw new UsageError(`${args[0]} is not expected`);
    const { run, settings } = await openRun(values);
    io.note(`run folder ${run.dir}`);
    const state = await runSft(run, settings, io.signal, (progress) => report(io, progress, settings.steps));
    io.result(`${state.status} after ${state.step} of ${state.steps} steps: ${run.dir}`, {
      run: run.dir,
      ...state,
    });
  },
};

async function openRun(values: Values) {
  const { preset, config, resume, run: dir } = values as Record<string, string | undefined>;
  if (resume !== undefined) {
    if (preset ?? config ?? dir ?? values.set) {
      throw new UsageError('a run is resumed with its own settings: give --resume alone');
    }
    const run = await RunFolder.open(resume);
    return { run, settings: resolveSettings(await run.config(), path.join(resume, 'config.json')) };
  }
  if (preset !== undefined && !(preset in SFT_PRESETS)) {
    throw new UsageError(`there is no preset ${preset}, only ${Object.keys(SFT_PRESETS).join(', ')}`);
  }
  const changes = ((values.set ?? []) as string[]).map(parseAssignment);
  if (preset === undefined && config === undefined && changes.length === 0) {
    throw new UsageError('--preset, --config or --resume is needed');
  }
  const settings = resolveSettings(
    {
      ...(preset !== undefined && SFT_PRESETS[preset]),
      ...(config !== undefined && (await readSettingsFile(config))),
      ...Object.fromEntries(changes),
    },
    config ?? preset ?? '--set',
  );
  // A run may be resumed from another folder.
  const absolute = {
    ...settings,
    model: path.resolve(settings.model),
    data: settings.data.map((one) => path.resolve(one)),
    testSets: settings.testSets.map((one) => path.resolve(one)),
  };
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return {
    run: await RunFolder.create(dir ?? path.join('runs', `${time}-sft`), absolute),
    settings: absolute,
  };
}

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

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
