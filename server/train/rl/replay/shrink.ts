import { blocks, maskedBlock } from './blocks.ts';
import { RecordedTokens } from './recorded-tokens.ts';
import type { Replayer, ReplayState } from './replayer.ts';
import { rounds, shrunk } from './rounds.ts';

/** DiPO's rounds over merged steps: exact for 1, block one-step once a block's steps are all merged. */
export const shrink: Replayer = {
  misfit: ({ cleanAttention }) =>
    cleanAttention === 'block' ? undefined : 'the model has no grid of blocks',

  states(recorded, spec, { shrink: count, scoreAfterEnd }) {
    const { blockSize } = spec;
    const tokens = new RecordedTokens(recorded, spec);
    const counted = tokens.counted(scoreAfterEnd);
    const grid = blocks(spec, recorded, counted[counted.length - 1] + 1);
    const steps = Array.from({ length: grid[grid.length - 1][1] }, (_, position) => tokens.step(position));
    const states: ReplayState[] = [];
    for (const [round, { masked, scored }] of rounds(shrunk(steps, blockSize, count), blockSize).entries()) {
      const isMasked = new Set(masked);
      const isScored = new Set(scored.filter((position) => counted.includes(position)));
      for (const block of grid) {
        const state = maskedBlock(block, tokens, (at) => isMasked.has(at), isScored, spec, round);
        if (state) states.push(state);
      }
    }
    return states;
  },
};
