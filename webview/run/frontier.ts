import type { RunRow } from '../../server/protocol.ts';

/** How a model did at one threshold. */
export interface OperatingPoint {
  /** Response tokens per denoising forward. */
  tpf: number;
  /** Per cent. */
  accuracy: number;
}

/** The points of the last evaluation in the rows; they stand under `points`, or inside another object. */
export function lastPoints(rows: readonly RunRow[]): OperatingPoint[] {
  for (const row of rows.toReversed()) {
    const points = [row, ...Object.values(row)].map(pointsIn).find((found) => found.length > 0);
    if (points) return points;
  }
  return [];
}

function pointsIn(value: unknown): OperatingPoint[] {
  const points = (value as { points?: unknown } | null)?.points;
  if (!Array.isArray(points)) return [];
  return points
    .map((point: RunRow | null) => ({ tpf: Number(tpfOf(point)), accuracy: 100 * Number(point?.passAt1) }))
    .filter(({ tpf, accuracy }) => Number.isFinite(tpf) && Number.isFinite(accuracy))
    .sort((a, b) => a.tpf - b.tpf);
}

function tpfOf(point: RunRow | null): unknown {
  const tpf = point?.tpf;
  return typeof tpf === 'object' && tpf !== null ? (tpf as RunRow).denoise : tpf;
}

/** Points with a lower accuracy than the first one's less this do not count, per cent. */
const MOST_LOST = 5;
/** How fast accuracy below the best loses its weight. */
const DECAY = 3;

/**
 * Accuracy under parallelism (d3LLM): the area under accuracy over TPF, each accuracy weighted by its distance to
 * `best`, the best accuracy of all methods that are compared. Points sorted by TPF.
 */
export function accuracyUnderParallelism(points: readonly OperatingPoint[], best: number): number {
  if (points.length === 0) return 0;
  const [first] = points;
  const counted = points.filter(({ accuracy }) => accuracy >= first.accuracy - MOST_LOST);
  const weighted = counted.map(({ accuracy }) =>
    accuracy === 0 ? 0 : accuracy * Math.min(1, Math.exp(-DECAY * (1 - accuracy / best))),
  );
  const areas = counted
    .slice(1)
    .map(({ tpf }, i) => ((tpf - counted[i].tpf) * (weighted[i] + weighted[i + 1])) / 2);
  return first.tpf * first.accuracy + areas.reduce((sum, area) => sum + area, 0);
}
