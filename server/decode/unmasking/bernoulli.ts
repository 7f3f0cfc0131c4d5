import { bestPlace, logSigmoid, type Unmasking } from './unmasking.ts';

/** Every position by itself with probability σ(logit); a step may reveal nothing (Jazbec et al., arXiv 2512.09106). */
export const bernoulli: Unmasking = {
  sample: (logits, random) =>
    [...logits.keys()].filter((place) => Math.log(random.uniform()) < logSigmoid(logits[place])),

  logProb: (logits, action) =>
    logits.reduce((sum, logit, place) => sum + logSigmoid(action.includes(place) ? logit : -logit), 0),

  draws: (logits, action) =>
    [...logits.keys()].map((place) => ({
      among: [place, undefined],
      drawn: action.includes(place) ? place : undefined,
    })),
};

/**
 * The same, but where no position is drawn the one with the largest logit is revealed. That action is reached in two ways,
 * P = p Π(1 − pₖ) + Π(1 − pₖ) over the others and all, which is Π(1 − pₖ) over the others: it does not depend on its own
 * logit. All other actions keep their probabilities.
 */
export const bernoulliForced: Unmasking = {
  sample(logits, random) {
    const drawn = bernoulli.sample(logits, random);
    return drawn.length > 0 || logits.length === 0 ? drawn : [bestPlace(logits)];
  },

  logProb(logits, action) {
    if (action.length === 0) return logits.length === 0 ? 0 : Number.NEGATIVE_INFINITY;
    if (action.length > 1 || action[0] !== bestPlace(logits)) return bernoulli.logProb(logits, action);
    return bernoulli.logProb(logits, action) - logSigmoid(logits[action[0]]);
  },

  draws(logits, action) {
    const forced = action.length === 1 && action[0] === bestPlace(logits) ? action[0] : undefined;
    return bernoulli.draws(logits, action).filter((_, place) => place !== forced);
  },
};

/** As dUltra's code scores it (arXiv 2512.21446): a forced reveal counts as if it had been drawn. */
export const bernoulliReleased: Unmasking = {
  ...bernoulliForced,
  logProb: bernoulli.logProb,
  draws: bernoulli.draws,
};

/** dUltra's inference mode: nothing is drawn; the ⌊Σ p⌋ positions with the largest logits are revealed, one at least. */
export const bernoulliExpected: Unmasking = {
  sample: expectedPlaces,

  logProb(logits, action) {
    const only = expectedPlaces(logits);
    const isIt = only.length === action.length && only.every((place) => action.includes(place));
    return isIt ? 0 : Number.NEGATIVE_INFINITY;
  },

  draws: () => [],
};

function expectedPlaces(logits: readonly number[]): number[] {
  const expected = logits.reduce((sum, logit) => sum + Math.exp(logSigmoid(logit)), 0);
  const ranked = [...logits.keys()].sort((a, b) => logits[b] - logits[a]);
  return ranked.slice(0, Math.max(1, Math.floor(expected)));
}
