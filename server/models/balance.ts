import { layerNetworks } from '../../kernels/names.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import { type Change, changeWeights } from './change-weights.ts';
import type { WeightSource } from './weight-source.ts';

/**
 * Divides channel j of a feed-forward network by s_j in `up` and multiplies by it in `down`; the network stays the
 * same. s_j = √(|gate's row j| · |up's row j| / largest of down's column j), lengths being Euclidean: for inputs of one
 * size the channel's numbers grow with that product, and this shares what makes channels unequal between the numbers
 * and the column that multiplies them, both of which are rounded.
 */
export function balanceFeedForward(source: WeightSource, shape: DenoiserShape): WeightSource {
  const changes = new Map<string, Change>();
  const networks = Array.from({ length: shape.layers }, (_, layer) => layerNetworks(shape, layer)).flat();
  for (const names of networks) {
    const [gate, up, down] = [names.gate, names.up, names.down].map((matrix) => `${matrix}.weight`);
    const channels = source.get(up)!.dims[0];
    let pending: Promise<Float64Array> | undefined;
    const factors = () => {
      pending ??= channelFactors(source, { gate, up, down }, channels);
      return pending;
    };
    changes.set(up, {
      async apply(values, firstRow) {
        const s = await factors();
        const columns = shape.hiddenSize;
        for (let at = 0; at < values.length; at++) values[at] /= s[firstRow + Math.floor(at / columns)];
      },
    });
    changes.set(down, {
      async apply(values) {
        const s = await factors();
        for (let at = 0; at < values.length; at++) values[at] *= s[at % channels];
      },
    });
  }
  return changeWeights(source, changes);
}

async function channelFactors(
  source: WeightSource,
  names: { gate: string; up: string; down: string },
  channels: number,
): Promise<Float64Array> {
  const read = (name: string) => source.get(name)!.read();
  const inGate = rowLengths(await read(names.gate), channels);
  const inUp = rowLengths(await read(names.up), channels);
  const inDown = largestOfColumns(await read(names.down), channels);
  return inDown.map((largest, j) => {
    const size = inGate[j] * inUp[j];
    // A channel that is zero on either side does nothing, and keeps its size.
    return size > 0 && largest > 0 ? Math.sqrt(size / largest) : 1;
  });
}

function rowLengths(values: Float32Array, rows: number): Float64Array {
  const columns = values.length / rows;
  const squares = new Float64Array(rows);
  for (let at = 0; at < values.length; at++) squares[Math.floor(at / columns)] += values[at] ** 2;
  return squares.map(Math.sqrt);
}

function largestOfColumns(values: Float32Array, columns: number): Float64Array {
  const largest = new Float64Array(columns);
  for (let at = 0; at < values.length; at++) {
    largest[at % columns] = Math.max(largest[at % columns], Math.abs(values[at]));
  }
  return largest;
}
