import { autoregressive } from './autoregressive.ts';
import { exact } from './exact.ts';
import type { Replayer } from './replayer.ts';

/**
 * For verified decoding, in which clean rows decide the text and noisy rows how fast it comes: every token as the clean row
 * before it predicts it, and once more the proposals that stood, as they were made. The first part alone is the likelihood
 * of the response; with the second, responses that were fast teach the proposals that made them so.
 */
export const verified: Replayer = {
  misfit: (_spec, { mode }) =>
    mode === 'verified' ? undefined : 'the responses are not decoded by the mode verified',

  states(recorded, spec, settings, random) {
    const { promptIds, steps } = recorded;
    const text = autoregressive.states(recorded, spec, settings, random);
    const proposed = steps.flatMap((step, i) => {
      const stood = new Set(steps[i + 1]?.confirmed.map(({ position }) => promptIds.length + position));
      const revealed = step.revealed.filter(({ position }) => stood.has(promptIds.length + position));
      return exact.states({ ...recorded, steps: [{ ...step, revealed }] }, spec, settings, random);
    });
    return [...text, ...proposed].map((state, round) => ({ ...state, round }));
  },
};
