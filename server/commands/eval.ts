import path from 'node:path';
import { loadModel } from '../engine/load.ts';
import { WarmModel } from '../engine/warm-model.ts';
import { describeReport } from '../eval/describe.ts';
import { type EvalSettings, evaluate } from '../eval/evaluate.ts';
import { makeReport } from '../eval/report.ts';
import { ownSuites, readSuite } from '../eval/suites.ts';
import { replaceFile } from '../files.ts';
import type { EvalAnswer } from '../protocol.ts';
import { Sandbox } from '../sandbox/sandbox.ts';
import type { Task } from '../tasks/task.ts';
import { type Command, type Io, type Options, UsageError, type Values } from './command.ts';
import { DECODE_OPTIONS, number, readDecodeOptions, text } from './decode-options.ts';
import { SANDBOX_FLAGS, sandboxOptions } from './sandbox-flags.ts';

const { threshold: _threshold, trace: _trace, show: _show, ...DECODING } = DECODE_OPTIONS as Options;

/** Where several answers to a task are wanted and nothing is said. */
const SAMPLING_TEMPERATURE = 0.8;

export const evalCommand: Command = {
  name: 'eval',
  usage: '[--tasks FILE [--split NAME]] [--decode D] [--thresholds A,B,C] [--samples N]',
  summary: 'how right and how fast a model is on tasks, with the accuracy under parallelism (AUP)',
  options: {
    tasks: { type: 'string', help: 'task file, infilling included (default: the own suites)' },
    split: { type: 'string', help: 'only tasks of this split' },
    limit: { type: 'string', help: 'only the first so many tasks' },
    thresholds: { type: 'string', help: 'a point for each of these, separated by commas' },
    samples: {
      type: 'string',
      help: `answers per task (default 1); more are sampled at temperature ${SAMPLING_TEMPERATURE}`,
    },
    'shown-tests': { type: 'string', help: 'tests that a prompt shows (default: as the task says)' },
    'best-accuracy': { type: 'string', help: "percent; AUP's y_max (default: of the best point)" },
    out: { type: 'string', help: 'write every answer to this file, as JSON lines' },
    ...DECODING,
    ...SANDBOX_FLAGS,
  },
  async run(args, values, io) {
    if (args.length > 0) throw new UsageError(`what is '${args[0]}'? A task file follows --tasks`);
    const { engine } = readDecodeOptions(values);
    const points = readPoints(values);
    const best = number(values, 'best-accuracy');
    const file = text(values, 'tasks');
    const suites = file === undefined ? ownSuites() : [{ file, split: text(values, 'split') }];
    const limit = whole(values, 'limit');
    const out = text(values, 'out');
    const tasks = await Promise.all(suites.map((suite) => readSuite(suite, limit)));
    const model = await WarmModel.open(loadModel, engine);
    const sandbox = tasks.flat().some(({ tests }) => tests.length > 0)
      ? await Sandbox.open(sandboxOptions(values))
      : undefined;
    const all: EvalAnswer[] = [];
    try {
      for (const [i, suite] of suites.entries()) {
        const answers = await answersOf(tasks[i], points, model, sandbox, io);
        all.push(...answers.flat());
        const report = makeReport(answers, best);
        const { name, weights } = model.ready.model;
        const { decode } = answers[0][0];
        const about = { suite: suite.file, model: name, weights, device: model.ready.device, decode };
        const title = `${path.basename(suite.file)}, ${name}, ${decode}`;
        io.result(describeReport(title, report), { ...about, ...report });
        if (out !== undefined) {
          await replaceFile(out, all.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
        }
      }
      const unjudged = all.filter(({ verdict }) => verdict === 'infra').length;
      if (unjudged > 0) io.note(`${unjudged} answers could not be judged and count as not passed`);
    } finally {
      sandbox?.close();
      await model.release();
    }
  },
};

async function answersOf(
  tasks: readonly Task[],
  points: readonly EvalSettings[],
  model: WarmModel,
  sandbox: Sandbox | undefined,
  io: Io,
): Promise<EvalAnswer[][]> {
  const total = points.length * tasks.length * points[0].samples;
  let done = 0;
  const onAnswer = () => {
    done++;
    if (Math.floor((10 * done) / total) > Math.floor((10 * (done - 1)) / total))
      io.note(`${done} of ${total} answers`);
  };
  const answers: EvalAnswer[][] = [];
  for (const point of points) answers.push(await evaluate(model, sandbox, tasks, point, io.signal, onAnswer));
  return answers;
}

/** The settings of every point. Throws UsageError. */
function readPoints(values: Values): EvalSettings[] {
  const { settings } = readDecodeOptions(values);
  const samples = whole(values, 'samples') ?? 1;
  const temperature = settings.temperature ?? (samples > 1 ? SAMPLING_TEMPERATURE : 0);
  if (samples > 1 && temperature === 0) throw new UsageError('samples at --temperature 0 are all the same');
  const given = text(values, 'thresholds');
  if (given !== undefined && settings.mode === 'ar') throw new UsageError('ar decodes without thresholds');
  const thresholds = given?.split(',').map((one) => number({ thresholds: one }, 'thresholds')) ?? [undefined];
  return thresholds.map((threshold) => ({
    decode: { ...settings, temperature, ...(threshold !== undefined && { threshold }) },
    samples,
    shownTests: number(values, 'shown-tests'),
  }));
}

function whole(values: Values, name: string): number | undefined {
  const value = number(values, name);
  if (value === undefined || (Number.isInteger(value) && value > 0)) return value;
  throw new UsageError(`--${name} must be a whole number of at least 1, not ${value}`);
}
