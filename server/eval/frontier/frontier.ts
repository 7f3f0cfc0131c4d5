import type { Estimate, EvalAnswer, Frontier } from '../../protocol.ts';
import { accuracyMeasure, areaOf } from '../area.ts';
import { bootstrap } from '../bootstrap.ts';
import { byTask, MEASURES, type TaskAnswers } from '../measures.ts';

/** One way of decoding, and what came of every point of it. */
export interface SweptCurve {
  name: string;
  points: { label: string; answers: readonly EvalAnswer[] }[];
}

/**
 * Compares ways of decoding that answered the same tasks. `best`: y_max of every AUP in percent; undefined takes the most
 * accurate point of all curves. `timed`: false leaves tokens/s out.
 */
export function makeFrontier(
  about: Pick<Frontier, 'suite' | 'model' | 'weights' | 'device'>,
  swept: readonly SweptCurve[],
  best: number | undefined,
  timed: boolean,
): Frontier {
  const curves = swept.map(({ name, points }) => ({
    name,
    points: points.map(({ label, answers }) => ({ label, tasks: byTask(answers) })),
  }));
  const all = curves.flatMap(({ points }) => points.map(({ tasks }) => tasks));
  const measure = accuracyMeasure(all);
  const accuracy = (tasks: readonly TaskAnswers[]) => 100 * MEASURES[measure](tasks);
  const bestAccuracy = best ?? Math.max(...all.map(accuracy));
  return {
    format: 'unmask-frontier',
    version: 1,
    ...about,
    tasks: all[0].length,
    samples: all[0][0].length,
    accuracy: measure,
    bestAccuracy,
    curves: curves.map(({ name, points }) => {
      const answers = points.map(({ tasks }) => tasks);
      return {
        name,
        aup: {
          denoise: areaOf(answers, measure, 'tpfDenoise', bestAccuracy),
          total: areaOf(answers, measure, 'tpfTotal', bestAccuracy),
        },
        points: points.map(({ label, tasks }) => ({
          label,
          accuracy: estimate(tasks, accuracy),
          tpf: {
            denoise: estimate(tasks, MEASURES.tpfDenoise),
            total: estimate(tasks, MEASURES.tpfTotal),
          },
          tokensPerSecond: timed ? estimate(tasks, MEASURES.tokensPerSecond) : null,
        })),
      };
    }),
  };
}

function estimate(
  tasks: readonly TaskAnswers[],
  measure: (tasks: readonly TaskAnswers[]) => number,
): Estimate {
  return { value: measure(tasks), interval: bootstrap(tasks, measure) };
}
