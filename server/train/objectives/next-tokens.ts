import type { Target, TrainingSample } from './objective.ts';

/**
 * Clean rows with the token after each: with weight 1 from the last row of the prompt on, with `promptWeight` before it,
 * where that is above 0. In an infilling prompt the rows of the prefix learn what a longer hole would ask of them.
 */
export function nextTokens({ ids, promptLength }: TrainingSample, promptWeight: number): Target[] {
  const answer = Math.max(1, promptLength);
  const first = promptWeight > 0 ? 1 : answer;
  return ids.slice(first).map((token, i) => ({
    row: first + i - 1,
    token,
    weight: first + i < answer ? promptWeight : 1,
    term: 'autoregressive',
  }));
}

/** The sum of the weights, by which a term is divided. */
export function totalWeight(targets: readonly Target[]): number {
  return targets.reduce((sum, { weight }) => sum + weight, 0);
}
