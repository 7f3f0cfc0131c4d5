// Chooses the confidence gate from measured outcomes and prints the report that docs/infill-gate.md holds:
//   node --import tsx bench/infill/gate.ts OUT.jsonl
import { readFileSync } from 'node:fs';
import { crossValidate, scoredAnswers } from './cross-validation.ts';
import { applyThreshold, type CurvePoint, mostShown, precisionCurve, wilsonInterval } from './curve.ts';
import type { Outcome } from './measure.ts';
import { MEASURES, type Measure } from './measures.ts';
import { markdownTable, percent } from './table.ts';

/** At least this share of what is shown must be right up to the end of its first line. */
const LEAST_PRECISION = 0.6;

const THRESHOLDS = [0, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];

/** Whose probabilities: those recorded when a token was revealed, or those of the clean rows. */
const SOURCES = { 'as revealed': 'verified', 'clean rows': 'ar' } as const;

function comparison(outcomes: readonly Outcome[]): string {
  const rows = Object.entries(SOURCES).flatMap(([source, decode]) =>
    (Object.keys(MEASURES) as Measure[]).map((measure) => {
      const own = outcomes.filter((outcome) => outcome.decode === decode);
      const best = mostShown(precisionCurve(scoredAnswers(own, measure)), LEAST_PRECISION);
      const { shown, right, thresholds } = crossValidate(own, measure, LEAST_PRECISION);
      return [
        source,
        measure,
        best ? `${best.threshold.toFixed(3)}: ${best.shown} shown, ${percent(best.precision)}` : 'never',
        thresholds.map((threshold) => threshold.toFixed(3)).join(', '),
        `${shown} shown, ${percent(right / shown)} (${interval({ right, shown })})`,
      ];
    }),
  );
  return markdownTable(
    [
      'probabilities',
      'measure',
      'whole suite: most shown at 60 %',
      'thresholds of the halves',
      'on the other half',
    ],
    rows,
  );
}

function curve(outcomes: readonly Outcome[], measure: Measure): string {
  const answers = scoredAnswers(outcomes, measure);
  const rows = THRESHOLDS.map((threshold) => applyThreshold(answers, threshold)).map((point) => [
    point.threshold.toFixed(2),
    `${point.shown} (${percent(point.shown / outcomes.length)})`,
    String(point.right),
    percent(point.precision),
    interval(point),
  ]);
  return markdownTable(['threshold', 'shown (of all cursors)', 'right', 'precision', '95 % interval'], rows);
}

function byKind(outcomes: readonly Outcome[], measure: Measure, threshold: number): string {
  const kinds = [...new Set(outcomes.map(({ kind, missing }) => `${kind}, ${missing}`))].sort();
  const rows = kinds.map((kind) => {
    const own = outcomes.filter((outcome) => `${outcome.kind}, ${outcome.missing}` === kind);
    const open = applyThreshold(scoredAnswers(own, measure), 0);
    const gated = applyThreshold(scoredAnswers(own, measure), threshold);
    return [
      kind,
      own.length,
      percent(open.right / own.length),
      gated.shown,
      gated.right,
      percent(gated.precision),
    ];
  });
  return markdownTable(
    ['cursor, missing', 'cursors', 'right with open gate', 'shown', 'right', 'precision'],
    rows,
  );
}

function interval({ right, shown }: Pick<CurvePoint, 'right' | 'shown'>): string {
  return wilsonInterval(right, shown).map(percent).join('–');
}

const [file, source = 'ar', measure = 'mean', threshold = '0.5'] = process.argv.slice(2);
const outcomes: Outcome[] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const chosen = outcomes.filter((outcome) => outcome.decode === source);
console.log(`${comparison(outcomes)}\n`);
console.log(`${curve(chosen, measure as Measure)}\n`);
console.log(byKind(chosen, measure as Measure, Number(threshold)));
