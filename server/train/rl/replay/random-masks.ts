import { blocks, maskedBlock } from './blocks.ts';
import { RecordedTokens } from './recorded-tokens.ts';
import type { Replayer, ReplayState } from './replayer.ts';

/** Masked with the same probability p ~ U(0.1, 0.9), as TraceRL's baselines have it. */
const [LEAST, MOST] = [0.1, 0.9];

/** Every response token is masked with probability p and counts where it is; `copies` 2: and once more the other way round. */
const randomMasks = (copies: 1 | 2): Replayer => ({
  draws: true,

  misfit: () => undefined,

  states(recorded, spec, { scoreAfterEnd }, random) {
    const tokens = new RecordedTokens(recorded, spec);
    const counted = tokens.counted(scoreAfterEnd);
    const isCounted = new Set(counted);
    const p = LEAST + (MOST - LEAST) * random.uniform();
    const drawn = new Set(counted.filter(() => random.uniform() < p));
    const states: ReplayState[] = [];
    for (let copy = 0; copy < copies; copy++) {
      // What was revealed behind the end and does not count stays masked.
      const masked = (at: number) =>
        tokens.isOfResponse(at) && (!isCounted.has(at) || drawn.has(at) === (copy === 0));
      for (const block of blocks(spec, recorded, counted[counted.length - 1] + 1)) {
        const state = maskedBlock(block, tokens, masked, isCounted, spec, copy);
        if (state) states.push(state);
      }
    }
    return states;
  },
});

/** One random mask: an estimate over a part of the tokens. */
export const random = randomMasks(1);

/** Two complementary masks: every token counts once. */
export const coupled = randomMasks(2);
