/** 1, 2 and 5 times powers of ten are read most easily. */
const STEPS = [1, 2, 5, 10];

/** Round numbers, evenly apart, at most `most` ≥ 3 of them, from at or below `low` to at or above `high`; both finite. */
export function ticks(low: number, high: number, most: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  let power = 10 ** Math.floor(Math.log10(span / most));
  for (;;) {
    for (const factor of STEPS) {
      const step = factor * power;
      const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
      const count = Math.max(last, first + 1) - first + 1;
      // Rounded, because 3 × 0.1 is not 0.3.
      if (count <= most)
        return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
    }
    power *= 10;
  }
}
