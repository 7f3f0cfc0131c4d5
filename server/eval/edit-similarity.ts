/**
 * 1 − d / max(|a|, |b|), where d is Levenshtein's distance in UTF-16 units: 1 for equal texts (space at the end does
 * not count), 0 where nothing agrees.
 */
export function editSimilarity(completion: string, reference: string): number {
  const [a, b] = [completion.trimEnd(), reference.trimEnd()];
  const longest = Math.max(a.length, b.length);
  return longest === 0 ? 1 : 1 - editDistance(a, b) / longest;
}

/** Least number of insertions, deletions and replacements that make `b` of `a`. */
export function editDistance(a: string, b: string): number {
  // Row i of the table of distances between the beginnings of both texts; only the last one is kept.
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
