// Prints the curve of the confidence gate that docs/infill-gate.md holds, from measured outcomes:
//   node --import tsx bench/infill/gate.ts OUT.jsonl
import { readFileSync } from 'node:fs';
import { crossValidate, scoredAnswers } from './cross-validation.ts';
import { applyThreshold, type CurvePoint, mostShown, precisionCurve, wilsonInterval } from './curve.ts';
import type { Outcome } from './measure.ts';
import { MEASURES, type Measure } from './measures.ts';
import { markdownTable, percent } from './table.ts';

/** At least this share of what is shown must be right up to the end of its first line. */
const LEAST_PRECISION = 0.6;

/** The measure that the product's gate uses, and its default (`unmask.minConfidence`). */
const CHOSEN: Measure = 'product';
const DEFAULT_THRESHOLD = 0.25;

const THRESHOLDS = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];

function comparison(outcomes: readonly Outcome[]): string {
  const rows = (Object.keys(MEASURES) as Measure[]).map((measure) => {
    const best = mostShown(precisionCurve(scoredAnswers(outcomes, measure)), LEAST_PRECISION);
    const { shown, right, thresholds } = crossValidate(outcomes, measure, LEAST_PRECISION);
    return [
      measure,
      best ? `${best.threshold.toFixed(3)}: ${best.shown} shown, ${percent(best.precision)}` : 'never',
      thresholds.map((threshold) => threshold.toFixed(3)).join(', '),
      `${shown} shown, ${percent(right / shown)} (${interval({ right, shown })})`,
    ];
  });
  const head = ['measure', 'most shown at 60 %', 'chosen on either half of the files', 'on the other half'];
  return markdownTable(head, rows);
}

function curve(outcomes: readonly Outcome[], measure: Measure): string {
  const answers = scoredAnswers(outcomes, measure);
  const rows = THRESHOLDS.map((threshold) => applyThreshold(answers, threshold)).map((point) => [
    point.threshold.toFixed(2),
    `${point.shown} (${percent(point.shown / outcomes.length)})`,
    point.right,
    percent(point.precision),
    interval(point),
  ]);
  return markdownTable(['threshold', 'shown (of all cursors)', 'right', 'precision', '95 % interval'], rows);
}

function byKind(outcomes: readonly Outcome[], measure: Measure, threshold: number): string {
  const kinds = [...new Set(outcomes.map(({ kind, missing }) => `${kind}, ${missing}`))].sort();
  const rows = kinds.map((kind) => {
    const own = outcomes.filter((outcome) => `${outcome.kind}, ${outcome.missing}` === kind);
    const right = own.filter((outcome) => outcome.right).length;
    const gated = applyThreshold(scoredAnswers(own, measure), threshold);
    return [
      kind,
      own.length,
      percent(right / own.length),
      gated.shown,
      gated.right,
      percent(gated.precision),
    ];
  });
  const head = ['cursor, missing', 'cursors', 'right with the gate open', 'shown', 'right', 'precision'];
  return markdownTable(head, rows);
}

function interval({ right, shown }: Pick<CurvePoint, 'right' | 'shown'>): string {
  return wilsonInterval(right, shown).map(percent).join('–');
}

const outcomes: Outcome[] = readFileSync(process.argv[2], 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const right = outcomes.filter((outcome) => outcome.right).length;
console.log(
  `${outcomes.length} cursors, ${right} right (${percent(right / outcomes.length)}) with the gate open.\n`,
);
console.log(`${comparison(outcomes)}\n`);
console.log(`Curve of the ${CHOSEN}:\n\n${curve(outcomes, CHOSEN)}\n`);
console.log(`By kind of cursor at ${DEFAULT_THRESHOLD}:\n\n${byKind(outcomes, CHOSEN, DEFAULT_THRESHOLD)}`);
