import { blocks, maskedBlock } from './blocks.ts';
import { RecordedTokens } from './recorded-tokens.ts';
import type { Replayer, ReplayState } from './replayer.ts';

/** LightningRL's released estimator: all response tokens of a block masked, behind clean earlier blocks. */
export const blockOnestep: Replayer = {
  misfit: () => undefined,

  states(recorded, spec, { scoreAfterEnd }) {
    const tokens = new RecordedTokens(recorded, spec);
    const counted = tokens.counted(scoreAfterEnd);
    const isCounted = new Set(counted);
    return blocks(spec, recorded, counted[counted.length - 1] + 1)
      .map((block) => maskedBlock(block, tokens, (at) => tokens.isOfResponse(at), isCounted, spec))
      .filter((state): state is ReplayState => state !== undefined);
  },
};
