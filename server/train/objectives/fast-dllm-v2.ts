import { maskProbability } from './masking.ts';
import { noisyClean } from './noisy-clean.ts';
import type { Objective, SampleRows, Target } from './objective.ts';

/**
 * Fast-dLLM v2 (arXiv 2509.26328): every block draws its own probability; a sample is used twice, with complementary
 * masks, so that each token after the prompt is predicted once. Mean loss with shift: the row before a masked token
 * predicts it.
 */
export const fastDllmV2: Objective = {
  terms: () => ({ noisy: 1 }),

  misfit(spec) {
    if (spec.maskTokenId === undefined) return 'the model has no mask token';
    if (spec.cleanAttention !== 'block') return 'the clean rows of the model are not in blocks';
    return spec.logitShift === 1 ? undefined : 'the model predicts its own token, not the next';
  },

  rows({ ids, promptLength }, spec, _settings, random) {
    const probabilities = Array.from({ length: Math.ceil(ids.length / spec.blockSize) }, () =>
      maskProbability(random),
    );
    const masked = ids.map((_, i) => random.uniform() < probabilities[Math.floor(i / spec.blockSize)]);
    const copies = [masked, masked.map((one) => !one)].map((mask) => {
      const targets: Target[] = [];
      const noisy = ids.map((token, i) => {
        if (i < promptLength || !mask[i]) return token;
        if (i > 0) targets.push({ row: i - 1, token, weight: 1, term: 'noisy' });
        return spec.maskTokenId!;
      });
      return noisyClean(noisy, ids, spec.blockSize, targets, { noisy: targets.length });
    });
    return sideBySide(copies);
  },
};

/** Rows of several layouts that do not see each other. */
function sideBySide([first, second]: SampleRows[]): SampleRows {
  const count = first.ids.length;
  return {
    ids: [...first.ids, ...second.ids],
    positions: [...first.positions, ...second.positions],
    visible(row, column) {
      if (row < count !== column < count) return false;
      return row < count ? first.visible(row, column) : second.visible(row - count, column - count);
    },
    noisy: (row) => (row < count ? first.noisy(row) : second.noisy(row - count)),
    targets: [...first.targets, ...second.targets.map((target) => ({ ...target, row: target.row + count }))],
    denominators: { noisy: first.denominators.noisy + second.denominators.noisy },
  };
}
