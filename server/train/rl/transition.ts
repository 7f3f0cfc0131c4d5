/** A masked position before a step of threshold decoding. */
export interface Transition {
  /** log p of every token that may be sampled there, adding up to 1. */
  logProbs: readonly number[];
  /** Place in `logProbs` of the token that was revealed; missing: the position stayed masked. */
  revealed?: number;
}

/**
 * Log-probability of all that one step of threshold decoding did to its masked positions, which come by rising position
 * and are sampled independently: every token with p ≥ threshold is revealed, or the most probable one where there is
 * none. A position stays masked if the token drawn there was less probable than the threshold, or than the one that was
 * revealed for want of a better:
 *   log P = Σ revealed log p(v) + Σ masked log Σ over u with p(u) below that of p(u).
 * Tokens alone leave out the second sum. −∞ for what cannot happen. This is what replays with the likelihood `transition`
 * add up, written down once more over whole distributions.
 */
export function transitionLogProb(positions: readonly Transition[], threshold: number): number {
  const revealed = [...positions.keys()].filter((at) => positions[at].revealed !== undefined);
  const drawn = (at: number) => positions[at].logProbs[positions[at].revealed!];
  const least = Math.log(threshold);
  const forced = revealed.length === 1 && drawn(revealed[0]) < least ? revealed[0] : undefined;
  if (revealed.length === 0 || (forced === undefined && revealed.some((at) => drawn(at) < least))) {
    return Number.NEGATIVE_INFINITY;
  }
  return positions.reduce((sum, position, at) => {
    if (position.revealed !== undefined) return sum + drawn(at);
    // Between equals the left one is revealed.
    const below = (logProb: number) =>
      forced === undefined
        ? logProb < least
        : logProb < drawn(forced) || (at > forced && logProb === drawn(forced));
    return (
      sum + Math.log(position.logProbs.filter(below).reduce((mass, logProb) => mass + Math.exp(logProb), 0))
    );
  }, 0);
}
