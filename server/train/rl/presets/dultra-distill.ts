import type { Recipe } from '../recipe.ts';
import { dultra } from './dultra.ts';

/**
 * dUltra with its distillation reward: the mean log-probability of a response under an autoregressive teacher, weight 1
 * (code 86e4d09; Qwen2.5-7B there). Here the teacher is the model's own autoregressive mode before the run, or any
 * model with the same tokenizer (`--set teacher=DIR`). `use_reverse_kl` is `reverseKl` of the reward.
 */
export const dultraDistill: Recipe = {
  ...dultra,
  rewards: [
    ...dultra.rewards,
    { term: 'teacher', weight: 1, gate: 'always', normaliser: 'none', reverseKl: false }, // code: off
  ],
};
