import { nextTokens, totalWeight } from './next-tokens.ts';
import type { Objective } from './objective.ts';

/** Plain next-token prediction after the prompt, on causal rows. */
export const autoregressive: Objective = {
  terms: () => ({ autoregressive: 1 }),

  misfit: () => undefined,

  rows(sample, _, { promptWeight }) {
    const { ids } = sample;
    const targets = nextTokens(sample, promptWeight);
    return {
      ids,
      positions: [...ids.keys()],
      visible: (row, column) => column <= row,
      noisy: () => false,
      targets,
      denominators: { autoregressive: totalWeight(targets) },
    };
  },
};
