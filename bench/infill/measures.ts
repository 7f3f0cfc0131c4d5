import { tokenConfidences } from '../../server/completion/answer.ts';
import type { Trajectory } from '../../server/protocol.ts';

/** Ways to make one number, 0 … 1, of the probabilities of a line's tokens. */
export const MEASURES = {
  mean: (values: readonly number[]) => sum(values) / values.length,
  'geometric mean': (values: readonly number[]) => Math.exp(sum(values.map(Math.log)) / values.length),
  min: (values: readonly number[]) => Math.min(...values),
  product: (values: readonly number[]) => values.reduce((a, b) => a * b, 1),
} as const;

export type Measure = keyof typeof MEASURES;

/**
 * Probabilities of the tokens that begin in the first line with text of the answer; the token that ends the line is
 * one of them. Empty without such a line.
 */
export function firstLineProbabilities(trajectory: Trajectory): number[] {
  const { text, responseTexts } = trajectory;
  const probabilities = tokenConfidences(trajectory);
  const start = text.length - text.trimStart().length;
  const lineEnd = text.indexOf('\n', start);
  const end = lineEnd < 0 ? Number.POSITIVE_INFINITY : lineEnd + 1;
  const values: number[] = [];
  let offset = 0;
  for (const [position, token] of responseTexts.entries()) {
    const inLine = offset + token.length > start && offset < end;
    if (inLine && probabilities.has(position)) values.push(probabilities.get(position)!);
    offset += token.length;
  }
  return values;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
