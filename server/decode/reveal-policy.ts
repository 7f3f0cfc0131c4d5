import { probabilityOf } from './distribution.ts';
import type { Choice } from './recorder.ts';

/** Threshold rule: every choice at least as probable as `threshold`; where there is none, the most probable one. */
export function revealed(choices: readonly Choice[], threshold: number): Choice[] {
  const probabilities = choices.map((choice) => probabilityOf(choice.distribution, choice.id));
  const confident = choices.filter((_, i) => probabilities[i] >= threshold);
  if (confident.length > 0) return confident;
  let best = 0;
  for (let i = 1; i < choices.length; i++) if (probabilities[i] > probabilities[best]) best = i;
  return choices.slice(best, best + 1);
}
