/** How the values of a group are scaled. */
export const NORMALISERS = {
  none: (values: readonly number[]) => [...values],
  /** x − mean. */
  centre: (values: readonly number[]) => centred(values),
  /** (x − mean) / standard deviation of the group itself (ddof 0); 0 where that is 0. */
  z: (values: readonly number[]) => standardised(values, 0),
  /** To 0 … 1; ½ where all are equal. */
  minmax(values: readonly number[]) {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return values.map((value) => (most === least ? 0.5 : (value - least) / (most - least)));
  },
} as const;

export type Normaliser = keyof typeof NORMALISERS;

/** x − mean. */
export function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/** (x − mean) / √(Σ (x − mean)² / (n − ddof)); 0 where all are equal, or where there are no more than `ddof`. */
export function standardised(values: readonly number[], ddof: 0 | 1): number[] {
  // Rounding of the mean would otherwise be scaled up to a difference.
  if (values.length <= ddof || values.every((value) => value === values[0])) return values.map(() => 0);
  const differences = centred(values);
  const square = differences.reduce((sum, value) => sum + value * value, 0);
  const deviation = Math.sqrt(square / (values.length - ddof));
  return differences.map((value) => value / deviation);
}
