/** Where a term of a sum belongs. */
export interface Place {
  response: number;
  /** Which state of the response. */
  state: number;
  /** Which round of the response; several states may be of one. */
  round: number;
}

/** Over what a loss is a mean: all terms, or classes of them, each of which has the mean of its terms. */
const CLASSES = {
  token: () => '',
  'response-mean': ({ response }: Place) => `${response}`,
  'step-mean': ({ response, state }: Place) => `${response} ${state}`,
  'round-mean': ({ response, round }: Place) => `${response} ${round}`,
} as const;

export type Reduction = keyof typeof CLASSES | 'constant';

/**
 * Factors that make a sum over all terms of an optimizer step the mean that `reduction` names. `constant` divides by
 * `constantLength` and the number of responses instead (d1's and TraceRL's sums over a fixed length). Nothing has no
 * factors.
 */
export function reductionFactors(
  places: readonly Place[],
  reduction: Reduction,
  constantLength: number,
): number[] {
  if (reduction === 'constant') {
    const responses = new Set(places.map(({ response }) => response)).size;
    return places.map(() => 1 / (responses * constantLength));
  }
  const classOf = CLASSES[reduction];
  const sizes = new Map<string, number>();
  for (const place of places) sizes.set(classOf(place), (sizes.get(classOf(place)) ?? 0) + 1);
  return places.map((place) => 1 / (sizes.size * sizes.get(classOf(place))!));
}
