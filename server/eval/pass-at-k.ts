/**
 * Unbiased estimate of the probability that at least one of k samples passes, from n samples of which c passed:
 * 1 − C(n−c, k) / C(n, k), as the product 1 − Π_{i=n−c+1…n} (1 − k/i) (Chen et al., arXiv 2107.03374). 1 ≤ k ≤ n.
 */
export function passAtK(n: number, c: number, k: number): number {
  if (n - c < k) return 1;
  let allFail = 1;
  for (let i = n - c + 1; i <= n; i++) allFail *= 1 - k / i;
  return 1 - allFail;
}
