import type { Target, TrainingSample } from './objective.ts';

/** Clean rows from the last of the prompt on, each with the token after it. */
export function nextTokens({ ids, promptLength }: TrainingSample): Target[] {
  const first = Math.max(0, promptLength - 1);
  return ids
    .slice(first + 1)
    .map((token, i) => ({ row: first + i, token, weight: 1, term: 'autoregressive' }));
}
