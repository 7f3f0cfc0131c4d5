/**
 * Exact reparametrisations of a network that make it better to round. Activations are rounded with one scale per row,
 * so a few channels with large numbers cost all others their precision; an orthogonal change of basis, moved into the
 * weights on both sides, spreads them. The network's logits stay the same, its forward costs nothing more.
 */
import { hasExperts, layerNames, layerNetworks, NAMES } from '../../kernels/names.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import { balanceFeedForward } from './balance.ts';
import { type Change, changeWeights, transformColumns, transformRows } from './change-weights.ts';
import { hadamard, isPowerOfTwo, residualRotation } from './orthogonal.ts';
import type { WeightSource } from './weight-source.ts';

const EMBEDDING = `${NAMES.embedding}.weight`;
const HEAD = `${NAMES.head}.weight`;

/**
 * The weights of a network with the same logits and an untied head: the residual stream and the values of every head
 * are rotated, norm weights become ones, and up and down are balanced. In the hidden state x of the original network
 * (after the last norm, whose weight is w) the new one has (x / w)·R with R = residualRotation(hiddenSize).
 */
export function rotateWeights(source: WeightSource, shape: DenoiserShape): WeightSource {
  return balanceFeedForward(rotateValues(rotateResidual(untieHead(source, shape), shape), shape), shape);
}

/** The head takes the last norm's weight in, so that it is no longer the embedding. */
function untieHead(source: WeightSource, shape: DenoiserShape): WeightSource {
  return shape.tiedHead ? new Map([...source, [HEAD, source.get(EMBEDDING)!]]) : source;
}

/** Residual stream x → x·R: what writes to it gets R behind, what reads from it diag(norm weight)·R before. */
function rotateResidual(source: WeightSource, shape: DenoiserShape): WeightSource {
  const size = shape.hiddenSize;
  const rotate = residualRotation(size);
  const changes = new Map<string, Change>();
  const writes = (name: string) =>
    changes.set(name, { whole: true, apply: (values) => transformColumns(values, size, rotate) });
  const reads = (name: string, norm: string) =>
    changes.set(name, {
      async apply(values) {
        const scale = await source.get(norm)!.read();
        transformRows(values, size, (row) => {
          for (let i = 0; i < size; i++) row[i] *= scale[i];
          rotate(row);
        });
      },
    });
  const becomesOnes = (norm: string) =>
    changes.set(norm, {
      apply: (values) => {
        values.fill(1);
      },
    });

  changes.set(EMBEDDING, { apply: (values) => transformRows(values, size, rotate) });
  for (let layer = 0; layer < shape.layers; layer++) {
    const names = layerNames(layer);
    for (const matrix of [names.query, names.key, names.value]) reads(`${matrix}.weight`, names.inputNorm);
    if (hasExperts(shape, layer)) reads(names.router, names.feedForwardNorm);
    for (const { gate, up, down } of layerNetworks(shape, layer)) {
      for (const matrix of [gate, up]) reads(`${matrix}.weight`, names.feedForwardNorm);
      writes(`${down}.weight`);
    }
    for (const name of [`${names.output}.weight`, `${names.output}.bias`]) writes(name);
    becomesOnes(names.inputNorm);
    becomesOnes(names.feedForwardNorm);
  }
  reads(HEAD, NAMES.norm);
  becomesOnes(NAMES.norm);
  return changeWeights(source, changes);
}

/** Attention only mixes values of a head, so that every head's values may have a basis of their own. */
function rotateValues(
  source: WeightSource,
  { layers, heads, kvHeads, headDim }: DenoiserShape,
): WeightSource {
  if (!isPowerOfTwo(headDim)) return source;
  const perHead = (vector: Float64Array) => {
    for (let start = 0; start < vector.length; start += headDim) hadamard(vector, start, headDim);
  };
  const changes = new Map<string, Change>();
  const produces: Change = {
    whole: true,
    apply: (values) => transformColumns(values, kvHeads * headDim, perHead),
  };
  for (let layer = 0; layer < layers; layer++) {
    const { value, output } = layerNames(layer);
    changes.set(`${value}.weight`, produces);
    changes.set(`${value}.bias`, produces);
    changes.set(`${output}.weight`, { apply: (values) => transformRows(values, heads * headDim, perHead) });
  }
  return changeWeights(source, changes);
}
