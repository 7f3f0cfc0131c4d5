import type { AccuracyMeasure, EvalAnswer, Tpf } from '../protocol.ts';
import { addChecks, type Checks } from './acceptance.ts';
import { accuracyMeasure, areaOf } from './area.ts';
import { bootstrap, type Interval } from './bootstrap.ts';
import { byTask, isPassed, MEASURES, type Measure, passShare, type TaskAnswers } from './measures.ts';
import { meanOfRatios, ratioOfSums } from './tpf.ts';

/** One way of decoding: everything measured of the answers at one threshold. NaN where there is nothing to measure. */
export interface EvalPoint {
  threshold: number;
  passAt1: number;
  /** pass@k by k, for every k of `PASS_AT` that the samples suffice for. */
  passAtK: Record<number, number>;
  exactMatch: number;
  editSimilarity: number;
  /** Ratio of sums. */
  tpf: Tpf;
  tpfMeanOfRatios: Tpf;
  tokensPerSecond: number;
  /** Of verified decoding, from the second token of a window on. */
  acceptance: Checks[];
  /** 95 %, by bootstrap over the tasks. */
  intervals: Record<Measure, Interval>;
}

/** How one task fared at one point. */
export interface TaskResult {
  task_id: string;
  threshold: number;
  samples: number;
  /** Null where the task has no tests. */
  passed: number | null;
  exactMatch: number;
  editSimilarity: number;
  tokens: number;
  tpf: Tpf;
}

/** The measures that stay the same from version to version: passAt1, tpf, aup, points, perTask. */
export interface EvalReport {
  tasks: number;
  samples: number;
  /** Of the first point. */
  passAt1: number;
  /** Of the first point, ratio of sums. */
  tpf: Tpf;
  /** By TPF of denoising forwards. */
  aup: number;
  aupInterval: Interval;
  accuracy: AccuracyMeasure;
  points: EvalPoint[];
  perTask: TaskResult[];
}

const PASS_AT = [1, 5, 10, 100];

/**
 * Puts the answers of every point together, in the order of the points. `best`: y_max of AUP in percent; undefined takes
 * the most accurate point.
 */
export function makeReport(
  answersOfPoints: readonly (readonly EvalAnswer[])[],
  best: number | undefined,
): EvalReport {
  const points = answersOfPoints.map(byTask);
  const reports = points.map(describePoint);
  const accuracy = accuracyMeasure(points);
  const area = areaOf(points, accuracy, 'tpfDenoise', best);
  return {
    tasks: points[0].length,
    samples: points[0][0].length,
    passAt1: reports[0].passAt1,
    tpf: reports[0].tpf,
    aup: area.value,
    aupInterval: area.interval,
    accuracy,
    points: reports,
    perTask: points.flatMap((tasks) => tasks.map(describeTask)),
  };
}

function describePoint(tasks: readonly TaskAnswers[]): EvalPoint {
  const answers = tasks.flat();
  const names = Object.keys(MEASURES) as Measure[];
  return {
    threshold: answers[0].threshold,
    passAt1: MEASURES.passAt1(tasks),
    passAtK: Object.fromEntries(
      PASS_AT.filter((k) => k <= tasks[0].length).map((k) => [k, passShare(tasks, k)]),
    ),
    exactMatch: MEASURES.exactMatch(tasks),
    editSimilarity: MEASURES.editSimilarity(tasks),
    tpf: ratioOfSums(answers),
    tpfMeanOfRatios: meanOfRatios(answers),
    tokensPerSecond: MEASURES.tokensPerSecond(tasks),
    acceptance: addChecks(answers.map(({ proposals }) => proposals)),
    intervals: Object.fromEntries(names.map((name) => [name, bootstrap(tasks, MEASURES[name])])) as Record<
      Measure,
      Interval
    >,
  };
}

function describeTask(answers: TaskAnswers): TaskResult {
  return {
    task_id: answers[0].task_id,
    threshold: answers[0].threshold,
    samples: answers.length,
    passed: answers[0].verdict === null ? null : answers.filter(isPassed).length,
    exactMatch: MEASURES.exactMatch([answers]),
    editSimilarity: MEASURES.editSimilarity([answers]),
    tokens: answers.reduce((sum, { tokens }) => sum + tokens, 0),
    tpf: ratioOfSums(answers),
  };
}
