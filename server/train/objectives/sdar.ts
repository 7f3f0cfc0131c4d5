import { maskProbability } from './masking.ts';
import { noisyClean } from './noisy-clean.ts';
import type { Objective, Target } from './objective.ts';

/**
 * SDAR (arXiv 2510.06303): every token after the prompt is masked with the same probability p ~ U(0.001, 1); the loss is
 * Σ CE / p over the masked ones, divided by the number of tokens after the prompt. No shift, noisy | clean layout.
 */
export const sdar: Objective = {
  terms: () => ({ noisy: 1 }),

  misfit(spec) {
    if (spec.maskTokenId === undefined) return 'the model has no mask token';
    if (spec.cleanAttention !== 'block') return 'the clean rows of the model are not in blocks';
    return spec.logitShift === 0 ? undefined : 'the model predicts the next token, not its own';
  },

  rows({ ids, promptLength }, spec, _settings, random) {
    const p = maskProbability(random);
    const targets: Target[] = [];
    const noisy = ids.map((token, row) => {
      if (row < promptLength || random.uniform() >= p) return token;
      targets.push({ row, token, weight: 1 / p, term: 'noisy' });
      return spec.maskTokenId!;
    });
    return noisyClean(noisy, ids, spec.blockSize, targets, { noisy: ids.length - promptLength });
  },
};
