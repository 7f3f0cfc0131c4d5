import { applyThreshold, mostShown, precisionCurve, type Scored } from './curve.ts';
import type { Outcome } from './measure.ts';
import { MEASURES, type Measure } from './measures.ts';

/** Answers that would be shown with the gate open, with the score that the gate would look at. */
export function scoredAnswers(outcomes: readonly Outcome[], measure: Measure): Scored[] {
  return outcomes
    .filter((outcome) => outcome.shown !== null && outcome.probabilities.length > 0)
    .map((outcome) => ({ score: MEASURES[measure](outcome.probabilities), right: outcome.right }));
}

/**
 * Chooses a threshold on one half of the files and applies it to the other, both ways. Whole files go to a half, so
 * that no threshold is judged on a file that it was chosen on.
 */
export function crossValidate(
  outcomes: readonly Outcome[],
  measure: Measure,
  leastPrecision: number,
): { thresholds: number[]; shown: number; right: number } {
  const files = [...new Set(outcomes.map(({ id }) => fileOf(id)))];
  const half = (parity: number) => outcomes.filter(({ id }) => files.indexOf(fileOf(id)) % 2 === parity);
  const thresholds: number[] = [];
  let shown = 0;
  let right = 0;
  for (const parity of [0, 1]) {
    const best = mostShown(precisionCurve(scoredAnswers(half(parity), measure)), leastPrecision);
    const threshold = best?.threshold ?? Number.POSITIVE_INFINITY;
    const judged = applyThreshold(scoredAnswers(half(1 - parity), measure), threshold);
    thresholds.push(threshold);
    shown += judged.shown;
    right += judged.right;
  }
  return { thresholds, shown, right };
}

function fileOf(id: string): string {
  return id.slice(0, id.indexOf(':'));
}
