import { cosineCurve } from './cosine-curve.ts';
import type { RewardTerm } from './reward-term.ts';

/** DiRL's shape over the length: 1 → ½ for successes, −½ → 0 for failures, −½ at the length limit. */
export const cosine: RewardTerm = ({ correct, trajectory }) => {
  const { responseIds, settings, stop } = trajectory;
  if (stop === 'length') return -0.5;
  const [short, long] = correct ? [1, 0.5] : [-0.5, 0];
  return cosineCurve(responseIds.length, settings.maxTokens, short, long);
};
