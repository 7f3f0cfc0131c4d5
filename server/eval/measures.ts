import type { EvalAnswer, Tpf } from '../protocol.ts';
import { passAtK } from './pass-at-k.ts';
import { ratioOfSums } from './tpf.ts';

/** All answers to one task at one point. */
export type TaskAnswers = readonly EvalAnswer[];

/** Answers of one point put together by task, in the order of the tasks. */
export function byTask(answers: readonly EvalAnswer[]): TaskAnswers[] {
  const tasks = new Map<string, EvalAnswer[]>();
  for (const answer of answers) {
    const before = tasks.get(answer.task_id);
    if (before) before.push(answer);
    else tasks.set(answer.task_id, [answer]);
  }
  return [...tasks.values()];
}

/**
 * What is measured of the answers to several tasks; NaN where nothing can be. Shares are means over the tasks of the
 * share of their answers.
 */
export const MEASURES = {
  passAt1: (tasks) => passShare(tasks, 1),
  exactMatch: (tasks) =>
    meanShare(tasks, ({ exactMatch }) => (exactMatch === null ? null : Number(exactMatch))),
  editSimilarity: (tasks) => meanShare(tasks, ({ editSimilarity }) => editSimilarity),
  tpfDenoise: (tasks) => tpf(tasks).denoise,
  tpfTotal: (tasks) => tpf(tasks).total,
  tokensPerSecond: (tasks) => {
    const answers = tasks.flat();
    const sum = (key: 'tokens' | 'milliseconds') => answers.reduce((total, one) => total + one[key], 0);
    return (sum('tokens') / sum('milliseconds')) * 1000;
  },
} as const satisfies Record<string, (tasks: readonly TaskAnswers[]) => number>;

export type Measure = keyof typeof MEASURES;

/** Mean of pass@k over the tasks that have tests. */
export function passShare(tasks: readonly TaskAnswers[], k: number): number {
  const estimates = tasks
    .filter((answers) => answers.every(({ verdict }) => verdict !== null))
    .map((answers) => passAtK(answers.length, answers.filter(isPassed).length, k));
  return mean(estimates);
}

export function isPassed({ verdict }: EvalAnswer): boolean {
  return verdict === 'passed';
}

function meanShare(tasks: readonly TaskAnswers[], of: (answer: EvalAnswer) => number | null): number {
  return mean(
    tasks
      .map((answers) => answers.map(of).filter((value) => value !== null))
      .filter((values) => values.length > 0)
      .map(mean),
  );
}

function tpf(tasks: readonly TaskAnswers[]): Tpf {
  return ratioOfSums(tasks.flat());
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
