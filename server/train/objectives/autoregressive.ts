import type { Objective } from './objective.ts';

/** Plain next-token prediction after the prompt, on causal rows. */
export const autoregressive: Objective = {
  terms: () => ({ autoregressive: 1 }),

  misfit: () => undefined,

  rows({ ids, promptLength }) {
    const first = Math.max(0, promptLength - 1);
    const targets = ids
      .slice(first + 1)
      .map((token, i) => ({ row: first + i, token, weight: 1, term: 'autoregressive' }));
    return {
      ids,
      positions: [...ids.keys()],
      visible: (row, column) => column <= row,
      targets,
      denominators: { autoregressive: targets.length },
    };
  },
};
