import { blocks, maskedBlock } from './blocks.ts';
import { RecordedTokens } from './recorded-tokens.ts';
import type { Replayer } from './replayer.ts';

/** d1's estimator (arXiv 2504.12216): the whole response masked, and every prompt token with probability `promptMask`. */
export const fullOnestep: Replayer = {
  draws: true,

  misfit: ({ cleanAttention }) =>
    cleanAttention === 'full' ? undefined : 'the model does not attend in both directions',

  states(recorded, spec, { promptMask, scoreAfterEnd }, random) {
    const { promptIds } = recorded;
    const tokens = new RecordedTokens(recorded, spec);
    const counted = tokens.counted(scoreAfterEnd);
    const hidden = promptIds.map(() => random.uniform() < promptMask);
    const [block] = blocks(spec, recorded, counted[counted.length - 1] + 1);
    const state = maskedBlock(
      block,
      tokens,
      (at) => hidden[at] ?? tokens.isOfResponse(at),
      new Set(counted),
      spec,
    );
    return state ? [state] : [];
  },
};
