import path from 'node:path';
import { describeReport } from '../eval/describe.ts';
import type { EvalSettings } from '../eval/evaluate.ts';
import { makeReport } from '../eval/report.ts';
import { readSuite } from '../eval/suites.ts';
import { replaceFile } from '../files.ts';
import type { EvalAnswer } from '../protocol.ts';
import { type Command, type Options, UsageError, type Values } from './command.ts';
import { DECODE_OPTIONS, number, text } from './decode-options.ts';
import { evalFrontier, FRONTIER_OPTIONS } from './eval-frontier.ts';
import { readEvalSettings, readSuites, SAMPLING_TEMPERATURE, whole, withEvaluation } from './evaluation.ts';
import { SANDBOX_FLAGS } from './sandbox-flags.ts';

const { threshold: _threshold, trace: _trace, show: _show, ...DECODING } = DECODE_OPTIONS as Options;

export const evalCommand: Command = {
  name: 'eval',
  usage: '[--tasks FILE [--split NAME]] [--decode D] [--thresholds A,B,C | --frontier] [--samples N]',
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
    out: { type: 'string', help: 'write every answer to this file, as JSON lines; a frontier as JSON' },
    ...FRONTIER_OPTIONS,
    ...DECODING,
    ...SANDBOX_FLAGS,
  },
  async run(args, values, io) {
    if (args.length > 0) throw new UsageError(`what is '${args[0]}'? A task file follows --tasks`);
    if (values.frontier === true) return evalFrontier(values, io);
    const stray = Object.keys(FRONTIER_OPTIONS).find((name) => values[name] !== undefined);
    if (stray !== undefined) throw new UsageError(`--${stray} goes with --frontier`);
    const points = readPoints(values);
    const best = number(values, 'best-accuracy');
    const suites = readSuites(values);
    const limit = whole(values, 'limit');
    const out = text(values, 'out');
    const tasks = await Promise.all(suites.map((suite) => readSuite(suite, limit)));
    const all: EvalAnswer[] = [];
    await withEvaluation(values, tasks.flat(), io, async (evaluation) => {
      for (const [i, suite] of suites.entries()) {
        const answers = await evaluation.answers(tasks[i], points);
        all.push(...answers.flat());
        const report = makeReport(answers, best);
        const { model, device } = evaluation.model.ready;
        const { name, weights } = model;
        const { decode } = answers[0][0];
        const about = { suite: suite.file, model: name, weights, device, decode };
        const title = `${path.basename(suite.file)}, ${name}, ${decode}`;
        io.result(describeReport(title, report), { ...about, ...report });
        if (out !== undefined) {
          await replaceFile(out, all.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
        }
      }
    });
  },
};

/** The settings of every point. Throws UsageError. */
function readPoints(values: Values): EvalSettings[] {
  const common = readEvalSettings(values);
  const given = text(values, 'thresholds');
  if (given === undefined) return [common];
  if (common.decode.mode === 'ar') throw new UsageError('ar decodes without thresholds');
  return given
    .split(',')
    .map((one) => number({ thresholds: one }, 'thresholds'))
    .map((threshold) => ({ ...common, decode: { ...common.decode, threshold } }));
}
