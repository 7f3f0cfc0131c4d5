/** One answer that could be shown: how confident it was, and whether its first line was right. */
export interface Scored {
  score: number;
  right: boolean;
}

/** What is shown when every answer with at least this score is. */
export interface CurvePoint {
  threshold: number;
  shown: number;
  right: number;
  /** right / shown. */
  precision: number;
}

/** One point for every distinct score, from the strictest threshold to the one that shows all. */
export function precisionCurve(answers: readonly Scored[]): CurvePoint[] {
  const sorted = [...answers].sort((a, b) => b.score - a.score);
  const points: CurvePoint[] = [];
  let right = 0;
  for (const [index, answer] of sorted.entries()) {
    if (answer.right) right++;
    if (sorted[index + 1]?.score === answer.score) continue;
    points.push({ threshold: answer.score, shown: index + 1, right, precision: right / (index + 1) });
  }
  return points;
}

/** What a threshold shows of these answers. */
export function applyThreshold(answers: readonly Scored[], threshold: number): CurvePoint {
  const shown = answers.filter(({ score }) => score >= threshold);
  const right = shown.filter((answer) => answer.right).length;
  return { threshold, shown: shown.length, right, precision: right / shown.length };
}

/** The point that shows most among those of at least this precision; undefined when none has it. */
export function mostShown(curve: readonly CurvePoint[], leastPrecision: number): CurvePoint | undefined {
  return curve.filter(({ precision }) => precision >= leastPrecision).at(-1);
}

/** Wilson's 95 % interval of a proportion. */
export function wilsonInterval(right: number, shown: number): [number, number] {
  if (shown === 0) return [0, 1];
  const z = 1.96;
  const p = right / shown;
  const scale = 1 + z ** 2 / shown;
  const centre = (p + z ** 2 / (2 * shown)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / shown + z ** 2 / (4 * shown ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
