/** Whom a term rewards. */
export const GATES = {
  /** Everybody: fast wrong answers gain by a speed term. */
  always: { counts: () => true, factor: () => 1 },
  /** Successes only: the term is scaled among them, and 0 for the others. */
  correct: { counts: (correct: boolean) => correct, factor: () => 1 },
  /** Everybody, failures with 0 times their value, before it is scaled. */
  'times-correct': { counts: () => true, factor: (correct: boolean) => (correct ? 1 : 0) },
} as const;

export type Gate = keyof typeof GATES;

/** Scales the values of a group by `normalise`, as far as the gate lets them through. */
export function gated(
  gate: Gate,
  values: readonly number[],
  correct: readonly boolean[],
  normalise: (values: readonly number[]) => number[],
): number[] {
  const { counts, factor } = GATES[gate];
  const inside = [...values.keys()].filter((i) => counts(correct[i]));
  const scaled = normalise(inside.map((i) => values[i] * factor(correct[i])));
  const result = values.map(() => 0);
  for (const [k, i] of inside.entries()) result[i] = scaled[k];
  return result;
}
