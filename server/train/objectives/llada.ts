import { maskProbability } from './masking.ts';
import type { Objective, Target } from './objective.ts';

/**
 * LLaDA (arXiv 2502.09992): full attention over one copy; every token after the prompt is masked with the same
 * probability p. Loss: Σ CE / p over the masked ones, divided by the number of tokens after the prompt. With logit
 * shift 1 (Dream) the row before a masked token predicts it.
 */
export const llada: Objective = {
  terms: () => ({ noisy: 1 }),

  misfit(spec) {
    if (spec.maskTokenId === undefined) return 'the model has no mask token';
    return spec.cleanAttention === 'full' ? undefined : 'the rows of the model do not all see each other';
  },

  rows({ ids, promptLength }, spec, _settings, random) {
    const p = maskProbability(random);
    const targets: Target[] = [];
    const noisy = ids.map((token, i) => {
      if (i < promptLength || random.uniform() >= p) return token;
      const row = i - spec.logitShift;
      if (row >= 0) targets.push({ row, token, weight: 1 / p, term: 'noisy' });
      return spec.maskTokenId!;
    });
    return {
      ids: noisy,
      positions: [...ids.keys()],
      visible: () => true,
      noisy: () => true,
      targets,
      denominators: { noisy: ids.length - promptLength },
    };
  },
};
