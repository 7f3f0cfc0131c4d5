import { RecordedTokens } from './recorded-tokens.ts';
import type { Replayer } from './replayer.ts';

/**
 * Every token as the clean row before it predicts it: the likelihood of a response decoded autoregressively, or verified,
 * where proposals change the number of forwards and never the distribution.
 */
export const autoregressive: Replayer = {
  misfit(spec, { mode }) {
    if (spec.cleanAttention !== 'causal') return 'the clean rows of the model are not causal';
    return mode === 'threshold' ? 'the tokens are not decided by clean rows' : undefined;
  },

  states(recorded, spec) {
    const tokens = new RecordedTokens(recorded, spec);
    return tokens.counted(false).map((position, round) => ({
      start: position,
      tokens: [],
      scored: [tokens.scored(position, false)],
      round,
    }));
  },
};
