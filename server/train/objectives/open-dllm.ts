import type { Objective, Target } from './objective.ts';

/** Smallest and largest share of masked tokens are 1/500 and 1 − 1/500. */
const EDGE = 1 / 500;

/**
 * Open-dLLM: full attention over one copy, shift 1; every token after the prompt is masked with the same probability
 * t ~ U(0, 1), kept off the ends. Loss: the mean of CE over the masked ones plus the mean of p·CE / t, the path term,
 * where p is the token's own probability: tokens that would be revealed early count for more.
 */
export const openDllm: Objective = {
  terms: () => ({ noisy: 1 }),
  needs: ['path'],

  misfit(spec) {
    if (spec.maskTokenId === undefined) return 'the model has no mask token';
    if (spec.cleanAttention !== 'full') return 'the rows of the model do not all see each other';
    return spec.logitShift === 1 ? undefined : 'the model predicts its own token, not the next';
  },

  rows({ ids, promptLength }, spec, _settings, random) {
    const t = Math.min(1 - EDGE, Math.max(EDGE, random.uniform()));
    const targets: Target[] = [];
    const noisy = ids.map((token, i) => {
      if (i < promptLength || random.uniform() >= t) return token;
      if (i > 0) targets.push({ row: i - 1, token, weight: 1, path: 1 / t, term: 'noisy' });
      return spec.maskTokenId!;
    });
    return {
      ids: noisy,
      positions: [...ids.keys()],
      visible: () => true,
      noisy: () => true,
      targets,
      denominators: { noisy: targets.length },
    };
  },
};
