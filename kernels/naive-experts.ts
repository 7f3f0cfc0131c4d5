import { dot, softmax } from './naive-math.ts';
import type { Experts } from './shape.ts';

/** The mixture of experts of a layer for one row after another, in double precision. */
export interface NaiveExperts {
  shape: Experts;
  /** [count, hidden] */
  router: Float32Array | Float64Array;
  /** [count] */
  choiceBias?: Float32Array | Float64Array;
  /** Output [hidden] of expert `index` for one row [hidden]; index `count` is the shared network. */
  network(index: number, row: Float64Array): Float64Array;
}

/** [rows, hidden] → [rows, hidden]. Between equal scores the first expert is chosen. */
export function naiveExperts(input: Float64Array, hiddenSize: number, experts: NaiveExperts): Float64Array {
  const output = new Float64Array(input.length);
  for (let first = 0; first < input.length; first += hiddenSize) {
    const row = input.subarray(first, first + hiddenSize);
    const parts = route(row, experts).map(({ index, weight }) => ({
      weight,
      values: experts.network(index, row),
    }));
    if (experts.shape.sharedSize > 0)
      parts.push({ weight: 1, values: experts.network(experts.shape.count, row) });
    for (const { weight, values } of parts) {
      for (let i = 0; i < hiddenSize; i++) output[first + i] += weight * values[i];
    }
  }
  return output;
}

/** The experts that a row takes, by index, with their weights. */
function route(row: Float64Array, { shape, router, choiceBias }: NaiveExperts) {
  const products = Array.from({ length: shape.count }, (_, i) =>
    dot(row, 0, router, i * row.length, row.length),
  );
  const scores = shape.score === 'sigmoid' ? products.map((x) => 1 / (1 + Math.exp(-x))) : softmax(products);
  const biased = scores.map((score, i) => score + (choiceBias ? choiceBias[i] : 0));
  const groupOf = (index: number) => Math.floor((index * shape.groups) / shape.count);
  const groupScore = (group: number) =>
    biased
      .filter((_, i) => groupOf(i) === group)
      .sort((a, b) => b - a)
      .slice(0, 2)
      .reduce((a, b) => a + b, 0);
  const groups = best([...Array(shape.groups).keys()], groupScore, shape.chosenGroups);
  const eligible = [...scores.keys()].filter((index) => groups.includes(groupOf(index)));
  const chosen = best(eligible, (index) => biased[index], shape.chosen).sort((a, b) => a - b);
  const total = shape.normalized ? chosen.reduce((sum, index) => sum + scores[index], 0) : 1;
  return chosen.map((index) => ({ index, weight: (shape.scale * scores[index]) / total }));
}

function best(items: number[], score: (item: number) => number, count: number): number[] {
  return items.toSorted((a, b) => score(b) - score(a)).slice(0, count);
}
