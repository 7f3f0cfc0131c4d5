/** So many tokens before a position, at most, are looked for in what is written already. */
const LONGEST = 4;

/**
 * Prompt lookup: how often each candidate stands in `text` behind the tokens that `text` ends with. Σ over n = 1 … 4 of
 * count / (½ + all that stands behind the same n tokens), so that a longer agreement counts in every term, and one seen
 * once for two thirds of each. Looks [candidates], 0 … 4.
 */
export function lookup(text: readonly number[], candidates: readonly number[]): number[] {
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
  return candidates.map((id) =>
    counts.reduce((sum, count, n) => sum + (count.get(id) ?? 0) / (totals[n] + 0.5), 0),
  );
}
