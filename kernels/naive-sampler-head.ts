/**
 * The sampler head in plain loops: rescores a row's candidates given the token chosen for the position before,
 * `z = h + W2 · silu(W1 · [h; s · E[previous]] + b1) + b2`, score = z · (output row of the candidate).
 */
import { add, dot, linear, silu } from './naive-math.ts';

type Matrix = Float32Array | Float64Array;

export interface SamplerHeadWeights {
  /** [inner, 2 · hiddenSize] */
  w1: Matrix;
  b1: Matrix;
  /** [hiddenSize, inner] */
  w2: Matrix;
  b2: Matrix;
  /** The factor `s` on the embedding of the previous token. */
  embeddingScale: number;
  /** Row of the input embedding, [hiddenSize]. */
  embeddingRow(id: number): Matrix;
  /** Row of the output head, [hiddenSize]; the embedding row where the head is tied. */
  outputRow(id: number): Matrix;
}

/** Scores of one row's `candidates`, in their order. `hidden` is the row's normed hidden state. */
export function naiveRescore(
  head: SamplerHeadWeights,
  hidden: ArrayLike<number>,
  previous: number,
  candidates: readonly number[],
): Float64Array {
  const size = hidden.length;
  const input = new Float64Array(2 * size);
  input.set(hidden);
  input.set(
    head.embeddingRow(previous).map((x) => x * head.embeddingScale),
    size,
  );
  const inner = linear(input, head.w1, 2 * size, head.b1.length, head.b1).map(silu);
  const rescored = Float64Array.from(hidden);
  add(rescored, linear(inner, head.w2, inner.length, size, head.b2));
  return Float64Array.from(candidates, (id) => dot(rescored, 0, head.outputRow(id), 0, size));
}
