/** So many tokens before a position, at most, are looked for in what is written already. */
const LONGEST = 4;

/**
 * Prompt lookup: what stands in `text` behind the tokens that `text` ends with, and how often. Σ over n = 1 … 4 of
 * count / (½ + all that stands behind the same n tokens), so that a longer agreement counts in every term, and one seen
 * once for two thirds of each. 0 … 4 by token.
 */
function followers(text: readonly number[]): Map<number, number> {
  /** How often a token stands behind just the last n + 1 tokens and no more of them, by n; and all tokens together. */
  const counts = new Map<number, number[]>();
  const all = Array<number>(LONGEST).fill(0);
  const last = text.length - 1;
  for (let place = 0; place < last; place++) {
    let length = 0;
    while (length < LONGEST && length <= place && text[place - length] === text[last - length]) length++;
    if (length === 0) continue;
    const follower = text[place + 1];
    const count = counts.get(follower) ?? Array<number>(LONGEST).fill(0);
    count[length - 1]++;
    all[length - 1]++;
    counts.set(follower, count);
  }
  // What stands behind more tokens stands behind fewer as well.
  const totals = sumsFromEnd(all);
  const share = (count: number[]) =>
    sumsFromEnd(count).reduce((sum, times, n) => sum + times / (totals[n] + 0.5), 0);
  return new Map([...counts].map(([id, count]) => [id, share(count)]));
}

function sumsFromEnd(values: readonly number[]): number[] {
  let sum = 0;
  return values
    .toReversed()
    .map((value) => (sum += value))
    .toReversed();
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
