/** One way of decoding: tokens per forward, and accuracy in percent. */
export interface OperatingPoint {
  tpf: number;
  accuracy: number;
}

/** Points that are so many percent less accurate than the slowest one are left out. */
const MOST_LOSS = 5;
const STEEPNESS = 3;

/**
 * Accuracy under parallelism (d3LLM, arXiv 2601.07568). With the points (ρ_i, y_i) in the order of ρ, those of
 * y_i < y_1 − 5 left out, and W(y) = min(1, exp(−3 (1 − y / y_max))):
 *   AUP = ρ_1 y_1 + Σ_{i≥2} ½ (ρ_i − ρ_{i−1}) (y_i W(y_i) + y_{i−1} W(y_{i−1})).
 * y_max is the best accuracy of any method that is compared; values are comparable only with the same y_max and number
 * of points. 0 without points.
 */
export function aup(points: readonly OperatingPoint[], best: number): number {
  const sorted = [...points].sort((a, b) => a.tpf - b.tpf);
  const kept = sorted.filter(({ accuracy }) => accuracy >= sorted[0].accuracy - MOST_LOSS);
  const weighted = (y: number) => (y === 0 ? 0 : y * Math.min(1, Math.exp(-STEEPNESS * (1 - y / best))));
  return kept.reduce((area, { tpf, accuracy }, i) => {
    if (i === 0) return tpf * accuracy;
    const before = kept[i - 1];
    return area + ((tpf - before.tpf) * (weighted(accuracy) + weighted(before.accuracy))) / 2;
  }, 0);
}
