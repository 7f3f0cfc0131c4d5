/**
 * The network in plain loops and double precision: the definition that every faster implementation is compared
 * with. A row is a token at a position; rows attend to each other as `visible` says and to nothing else. Rows are
 * computed independently, in column order, so a row's result does not depend on rows that it cannot see.
 */
import { naiveExperts } from './naive-experts.ts';
import { add, dot, linear, normalize, silu, softmax } from './naive-math.ts';
import { hasExperts, layerNames, layerNetworks } from './names.ts';
import { inverseFrequencies } from './rope.ts';
import type { DenoiserShape } from './shape.ts';

/** A weight by its Hugging Face name; matrices are row-major, [out, in]. */
export type WeightReader = (name: string) => Float32Array | Float64Array;

export interface NaiveRows {
  ids: readonly number[];
  positions: readonly number[];
  /** Whether `row` attends to `column`. A row that sees nothing gets zeros from attention. */
  visible(row: number, column: number): boolean;
}

export interface NaiveResult {
  /** [rows, vocabSize] */
  logits: Float64Array;
  /** Hidden state after the last norm, the input of the output head, [rows, hiddenSize]. */
  hidden: Float64Array;
}

export function naiveForward(shape: DenoiserShape, weight: WeightReader, rows: NaiveRows): NaiveResult {
  const count = rows.ids.length;
  const embedding = weight('model.embed_tokens.weight');
  const size = shape.hiddenSize;
  const state = new Float64Array(count * size);
  rows.ids.forEach((id, row) => {
    state.set(embedding.subarray(id * size, (id + 1) * size), row * size);
  });
  for (let layer = 0; layer < shape.layers; layer++) naiveLayer(shape, layer, weight, state, rows);
  const hidden = normalize(state, weight('model.norm.weight'), shape.rmsEps);
  const head = shape.tiedHead ? embedding : weight('lm_head.weight');
  return { logits: linear(hidden, head, size, shape.vocabSize), hidden };
}

/** Adds what one layer makes of the residual stream, [rows, hiddenSize], to it. */
export function naiveLayer(
  shape: DenoiserShape,
  layer: number,
  weight: WeightReader,
  state: Float64Array,
  rows: Omit<NaiveRows, 'ids'>,
): void {
  const of = (name: string) => weight(`model.layers.${layer}.${name}`);
  add(state, attention(shape, of, normalize(state, of('input_layernorm.weight'), shape.rmsEps), rows));
  const normed = normalize(state, of('post_attention_layernorm.weight'), shape.rmsEps);
  add(state, feedForward(shape, layer, weight, normed));
}

/** Each query head attends to the key and value head of its group; scores are scaled by 1 / √headDim. */
function attention(
  shape: DenoiserShape,
  of: WeightReader,
  input: Float64Array,
  rows: Omit<NaiveRows, 'ids'>,
): Float64Array {
  const { heads, kvHeads, headDim, hiddenSize, qkvBias, outputBias } = shape;
  const project = (name: string, width: number) =>
    linear(
      input,
      of(`self_attn.${name}_proj.weight`),
      hiddenSize,
      width,
      qkvBias ? of(`self_attn.${name}_proj.bias`) : undefined,
    );
  let query = project('q', heads * headDim);
  let key = project('k', kvHeads * headDim);
  const value = project('v', kvHeads * headDim);
  if (shape.qkNorm) {
    query = normalize(query, of('self_attn.q_norm.weight'), shape.rmsEps);
    key = normalize(key, of('self_attn.k_norm.weight'), shape.rmsEps);
  }
  rotate(query, heads, shape, rows.positions);
  rotate(key, kvHeads, shape, rows.positions);

  const count = rows.positions.length;
  const mixed = new Float64Array(count * heads * headDim);
  for (let row = 0; row < count; row++) {
    const columns = rows.positions.map((_, column) => column).filter((column) => rows.visible(row, column));
    for (let head = 0; head < heads; head++) {
      const queryAt = (row * heads + head) * headDim;
      const keyHead = Math.floor((head * kvHeads) / heads);
      const keyAt = (column: number) => (column * kvHeads + keyHead) * headDim;
      const scores = columns.map(
        (column) => dot(query, queryAt, key, keyAt(column), headDim) / Math.sqrt(headDim),
      );
      const probabilities = softmax(scores);
      columns.forEach((column, c) => {
        for (let i = 0; i < headDim; i++) mixed[queryAt + i] += probabilities[c] * value[keyAt(column) + i];
      });
    }
  }
  const bias = outputBias ? of('self_attn.o_proj.bias') : undefined;
  return linear(mixed, of('self_attn.o_proj.weight'), heads * headDim, hiddenSize, bias);
}

function feedForward(
  shape: DenoiserShape,
  layer: number,
  weight: WeightReader,
  input: Float64Array,
): Float64Array {
  const { hiddenSize, experts } = shape;
  const networks = layerNetworks(shape, layer);
  const network = (index: number, rows: Float64Array) => {
    const { gate, up, down } = networks[index];
    const width = weight(`${gate}.weight`).length / hiddenSize;
    const ups = linear(rows, weight(`${up}.weight`), hiddenSize, width);
    const inner = linear(rows, weight(`${gate}.weight`), hiddenSize, width).map((x, i) => silu(x) * ups[i]);
    return linear(inner, weight(`${down}.weight`), width, hiddenSize);
  };
  if (!experts || !hasExperts(shape, layer)) return network(0, input);
  const names = layerNames(layer);
  return naiveExperts(input, hiddenSize, {
    shape: experts,
    router: weight(names.router),
    choiceBias: experts.choiceBias ? weight(names.choiceBias) : undefined,
    network,
  });
}

/** Turns the pairs (i, i + d / 2) of the first d = rotaryDim dimensions of every head by the row's position, in place. */
function rotate(
  states: Float64Array,
  heads: number,
  shape: DenoiserShape,
  positions: readonly number[],
): void {
  const turned = shape.rotaryDim ?? shape.headDim;
  const frequencies = inverseFrequencies(shape.rope, turned);
  const half = turned / 2;
  positions.forEach((position, row) => {
    for (let head = 0; head < heads; head++) {
      const first = (row * heads + head) * shape.headDim;
      for (let i = 0; i < half; i++) {
        const cos = Math.cos(position * frequencies[i]);
        const sin = Math.sin(position * frequencies[i]);
        const [a, b] = [states[first + i], states[first + half + i]];
        states[first + i] = a * cos - b * sin;
        states[first + half + i] = b * cos + a * sin;
      }
    }
  });
}
