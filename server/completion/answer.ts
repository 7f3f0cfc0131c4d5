import { withoutBeginning } from '../engine/beginning.ts';
import type { Trajectory } from '../protocol.ts';
import type { Draft } from './postprocess/filter.ts';

/** What the model answered, with the confidence of every line. */
export function draftOf(trajectory: Trajectory): Draft {
  return { text: withoutBeginning(trajectory), replaced: 0, lineConfidences: lineConfidences(trajectory) };
}

/** Confidence of the first line with text in it, 0 … 1: what the confidence gate looks at. NaN without a token. */
export function firstLineConfidence({ text, lineConfidences }: Draft): number {
  const first = text.split('\n').findIndex((line) => line.trim() !== '');
  return lineConfidences[first] ?? Number.NaN;
}

/**
 * Probability that the whole line is right: the product over the tokens that begin in it; the line end belongs to the
 * line that it ends. NaN for a line in which no token begins.
 */
function lineConfidences(trajectory: Trajectory): number[] {
  const { text, responseTexts } = trajectory;
  const confidences = tokenConfidences(trajectory);
  const lines = text.split('\n').map(() => Number.NaN);
  let line = 0;
  let length = 0;
  for (const [position, token] of responseTexts.entries()) {
    if (length >= text.length) break;
    const confidence = confidences.get(position);
    if (confidence !== undefined) {
      lines[line] = Number.isNaN(lines[line]) ? confidence : lines[line] * confidence;
    }
    length += token.length;
    line = Math.min(line + token.split('\n').length - 1, lines.length - 1);
  }
  return lines;
}

/** Probability of every settled token by position, 0 … 1; that of the clean row where the token was verified. */
export function tokenConfidences({ steps }: Pick<Trajectory, 'steps'>): Map<number, number> {
  const confidences = new Map<number, number>();
  for (const { revealed, confirmed, rolledBack } of steps) {
    for (const position of rolledBack) confidences.delete(position);
    for (const { position, confidence } of [...confirmed, ...revealed]) confidences.set(position, confidence);
  }
  return confidences;
}
