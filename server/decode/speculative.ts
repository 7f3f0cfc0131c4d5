import { type Distribution, pick, probabilityOf, sample } from './distribution.ts';
import type { Random } from './random.ts';

/**
 * Checks a proposed token against the autoregressive distribution `target` and returns the token to keep: the
 * proposal itself when it stands, a correction otherwise.
 *
 * Greedy: the best token of `target`. Sampled: speculative rejection sampling. A token drawn from `proposal` is kept
 * with probability min(1, target / proposal), else replaced by a draw from the normalised positive part of
 * target − proposal; what is kept is then distributed exactly as `target`.
 */
export function verifyToken(
  target: Distribution,
  proposal: Distribution,
  proposed: number,
  temperature: number,
  random: Random,
): number {
  if (temperature === 0) return pick(target, temperature, random);
  const wanted = probabilityOf(target, proposed);
  if (random.uniform() * probabilityOf(proposal, proposed) <= wanted) return proposed;
  const missing = target.ids.map((id) =>
    Math.max(0, probabilityOf(target, id) - probabilityOf(proposal, id)),
  );
  return sample(target.ids, missing, random);
}
