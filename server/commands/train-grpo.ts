import path from 'node:path';
import { UserError } from '../errors.ts';
import { defaultModelDir, packageRoot } from '../models/installed.ts';
import { RESTRICTED_VARIABLE } from '../protocol.ts';
import { runGrpo } from '../train/rl/grpo.ts';
import type { GrpoRow } from '../train/rl/grpo-row.ts';
import { RL_PRESETS } from '../train/rl/presets/index.ts';
import { type GrpoSettings, resolveGrpoSettings } from '../train/rl/settings.ts';
import { hasCheckpoint } from '../train/run/checkpoint.ts';
import { type Command, UsageError } from './command.ts';
import { duration, openRun, type Training, trainingOptions } from './open-run.ts';

const GRPO: Training<GrpoSettings> = {
  name: 'grpo',
  presets: Object.fromEntries(
    Object.entries(RL_PRESETS).map(([preset, recipe]) => [
      preset,
      { preset, recipe, model: defaultModelDir(), tasks: path.join(packageRoot(), 'tasks', 'starter.jsonl') },
    ]),
  ),
  resolve: resolveGrpoSettings,
  absolute: (settings) => ({
    ...settings,
    model: path.resolve(settings.model),
    tasks: path.resolve(settings.tasks),
    policyFile: settings.policyFile && path.resolve(settings.policyFile),
  }),
};

export const trainGrpo: Command = {
  name: 'train grpo',
  usage: '--preset P | --config F [--run DIR] [--set key=value] | --resume DIR',
  summary: 'let a model learn from running what it writes; everything about the run is kept in its folder',
  options: trainingOptions(GRPO),
  async run(args, values, io) {
    if (args.length > 0) throw new UsageError(`${args[0]} is not expected`);
    if (process.env[RESTRICTED_VARIABLE] === '1') {
      throw new UserError('training runs code and is off in Restricted Mode: trust the workspace first.');
    }
    const { run, settings } = await openRun(values, GRPO);
    io.note(`run folder ${run.dir}`);
    if (settings.evaluateEvery > 0 && !hasCheckpoint(run.dir)) {
      io.note('before the first step the held-out tasks are answered, to compare with');
    }
    const { after } = settings.recipe;
    if (after !== undefined) io.note(`this method begins with supervised fine-tuning, preset ${after}`);
    const state = await runGrpo(run, settings, io.signal, (row) => io.note(describe(row, settings.steps)));
    io.result(`${state.status} after ${state.step} of ${state.steps} steps: ${run.dir}`, {
      run: run.dir,
      ...state,
    });
  },
};

function describe(row: GrpoRow, steps: number): string {
  if ('heldOut' in row) {
    const { solved, tasks, tpf } = row.heldOut;
    const result = `after step ${row.step}: ${solved} of ${tasks} held-out tasks solved, TPF ${tpf.toFixed(2)}`;
    return row.advice === undefined ? result : `${result}\n${row.advice}`;
  }
  const { rollout, reward, training, all } = row.seconds;
  return [
    `step ${row.step}/${steps}`,
    `reward ${row.reward.mean.toFixed(2)} ± ${row.reward.spread.toFixed(2)}`,
    `right ${(100 * row.correct).toFixed(0)} %`,
    `TPF ${row.tpf.toFixed(2)}`,
    row.skipped ? 'skipped, not finite' : `KL ${row.kl.toFixed(4)}`,
    `${row.groups} groups`,
    `${all.toFixed(0)} s (${[rollout, reward, training].map((one) => one.toFixed(0)).join(' + ')})`,
    `${(row.memory / 1e9).toFixed(1)} GB`,
    `${duration(row.secondsLeft)} left`,
  ].join('  ');
}
