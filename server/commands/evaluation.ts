import { loadModel } from '../engine/load.ts';
import { WarmModel } from '../engine/warm-model.ts';
import { type EvalSettings, evaluate } from '../eval/evaluate.ts';
import { ownSuites, type Suite } from '../eval/suites.ts';
import type { EvalAnswer } from '../protocol.ts';
import { Sandbox } from '../sandbox/sandbox.ts';
import type { Task } from '../tasks/task.ts';
import { type Io, UsageError, type Values } from './command.ts';
import { number, readDecodeOptions, text } from './decode-options.ts';
import { sandboxOptions } from './sandbox-flags.ts';

/** Where several answers to a task are wanted and nothing is said. */
export const SAMPLING_TEMPERATURE = 0.8;

/** A loaded model, and a sandbox where tasks have tests. */
export interface Evaluation {
  model: WarmModel;
  /** Answers by point; progress goes to stderr. */
  answers(tasks: readonly Task[], points: readonly EvalSettings[]): Promise<EvalAnswer[][]>;
}

/** Opens what an evaluation of these tasks needs for as long as `use` runs. Throws UserError. */
export async function withEvaluation(
  values: Values,
  tasks: readonly Task[],
  io: Io,
  use: (evaluation: Evaluation) => Promise<void>,
): Promise<void> {
  const model = await WarmModel.open(loadModel, readDecodeOptions(values).engine);
  let sandbox: Sandbox | undefined;
  let unjudged = 0;
  try {
    if (tasks.some(({ tests }) => tests.length > 0)) sandbox = await Sandbox.open(sandboxOptions(values));
    await use({
      model,
      async answers(chosen, points) {
        const total = points.length * chosen.length * points[0].samples;
        const answers = await evaluate(model, sandbox, chosen, points, io.signal, progress(total, io));
        unjudged += answers.flat().filter(({ verdict }) => verdict === 'infra').length;
        return answers;
      },
    });
    if (unjudged > 0) io.note(`${unjudged} answers could not be judged and count as not passed`);
  } finally {
    sandbox?.close();
    await model.release();
  }
}

/** To be called after each of `total` answers; says how far it is ten times. */
function progress(total: number, io: Io): () => void {
  let done = 0;
  return () => {
    done++;
    if (Math.floor((10 * done) / total) > Math.floor((10 * (done - 1)) / total))
      io.note(`${done} of ${total} answers`);
  };
}

/** The suite of `--tasks` and `--split`, or the project's own. Throws UsageError. */
export function readSuites(values: Values): Suite[] {
  const [file, split] = [text(values, 'tasks'), text(values, 'split')];
  if (file !== undefined) return [{ file, split }];
  if (split !== undefined) throw new UsageError('--split goes with --tasks');
  return ownSuites();
}

/** What the points of an evaluation have in common. Throws UsageError. */
export function readEvalSettings(values: Values): EvalSettings {
  const { settings } = readDecodeOptions(values);
  const samples = whole(values, 'samples') ?? 1;
  const temperature = settings.temperature ?? (samples > 1 ? SAMPLING_TEMPERATURE : 0);
  if (samples > 1 && temperature === 0) throw new UsageError('samples at --temperature 0 are all the same');
  return { decode: { ...settings, temperature }, samples, shownTests: number(values, 'shown-tests') };
}

/** The value of an option that takes a whole number from 1 on, or undefined. Throws UsageError. */
export function whole(values: Values, name: string): number | undefined {
  const value = number(values, name);
  if (value === undefined || (Number.isInteger(value) && value > 0)) return value;
  throw new UsageError(`--${name} must be a whole number of at least 1, not ${value}`);
}
