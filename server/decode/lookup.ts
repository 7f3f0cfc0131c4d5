/** So many tokens before a position, at most, are looked for in what is written already. */
const LONGEST = 4;

/**
 * Prompt lookup: what stands in `text` behind the tokens that `text` ends with, and how often. Σ over n = 1 … 4 of
 * count / (½ + all that stands behind the same n tokens), so that a longer agreement counts in every term, and one seen
 * once for two thirds of each. 0 … 4 by token.
 */
function followers(text: readonly number[]): Map<number, number> {
  const counts = Array.from({ length: LONGEST }, () => new Map<number, number>());
  const totals = Array<number>(LONGEST).fill(0);
  const last = text.length - 1;
  for (let place = 0; place < last; place++) {
    for (let n = 0; n < LONGEST && n <= place && text[place - n] === text[last - n]; n++) {
      const follower = text[place + 1];
      counts[n].set(follower, (counts[n].get(follower) ?? 0) + 1);
      totals[n]++;
    }
  }
  const found = new Map<number, number>();
  for (const [n, count] of counts.entries()) {
    for (const [id, times] of count) found.set(id, (found.get(id) ?? 0) + times / (totals[n] + 0.5));
  }
  return found;
}

/** How much of what stands behind the same tokens each candidate is, [candidates], 0 … 4. */
export function lookup(text: readonly number[], candidates: readonly number[]): number[] {
  const found = followers(text);
  return candidates.map((id) => found.get(id) ?? 0);
}

/** What stands behind the same tokens most often, and the chance that it is what comes next, as measured on lines of code. */
export function likeliestFollower(text: readonly number[]): { id: number; chance: number } | undefined {
  const found = [...followers(text)];
  if (found.length === 0) return undefined;
  const [id, share] = found.reduce((best, other) => (other[1] > best[1] ? other : best));
  return { id, chance: Math.min(1, (1 + share) / (LONGEST + 0.5)) };
}
