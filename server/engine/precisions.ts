import type { ForwardOptions } from '../../kernels/forward.ts';
import { fp32 } from '../../kernels/linear/fp32.ts';
import { half } from '../../kernels/linear/half.ts';
import { int4 } from '../../kernels/linear/int4.ts';
import { type Activations, int8 } from '../../kernels/linear/int8.ts';
import type { Precision } from '../../kernels/linear/linear.ts';
import { embed, embedNarrowed, embedOnProcessor, embedWidened } from '../../kernels/linear/stored.ts';
import { layerNetworks, NAMES } from '../../kernels/names.ts';
import type { WeightDtype } from '../../kernels/weights.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import type { RunningDevice } from '../protocol.ts';
import { nativeActivations } from './ort.ts';

/**
 * Products with weights as they are stored; what a device has no product for is brought to fp32, or to half precision,
 * when it is loaded.
 */
const PRECISIONS: Partial<
  Record<
    WeightDtype,
    { devices: readonly RunningDevice[]; make(activations: Activations, normedRange?: number): Precision }
  >
> = {
  I8: { devices: ['cpu'], make: int8 },
  I4: { devices: ['cpu', 'webgpu', 'cuda'], make: () => int4 },
};

/** How the embedding is read; other devices have the table in the precision that they multiply in. */
const EMBEDDINGS: Partial<Record<RunningDevice, ForwardOptions['embed']>> = {
  cpu: embed,
  webgpu: embedOnProcessor,
};

export interface PrecisionOptions {
  /** The type of activations in int8 products. */
  activations?: Activations;
  /** Multiply in half precision what is not multiplied as it is stored; only for devices that have it. */
  halfPrecision?: boolean;
}

/** How the matrices of a model are multiplied on a device. */
export function choosePrecisions(
  { spec, weights }: ModelFolder,
  device: RunningDevice,
  { activations = nativeActivations(), halfPrecision = false }: PrecisionOptions = {},
): Pick<ForwardOptions, 'precision' | 'headPrecision' | 'embed'> {
  const plain = halfPrecision ? half : fp32;
  const of = (matrix: string): Precision => {
    const own = PRECISIONS[weights.get(`${matrix}.weight`)?.dtype as WeightDtype];
    return own?.devices.includes(device) ? own.make(activations, spec.normedRange) : plain;
  };
  return {
    precision: of(layerNetworks(spec, 0)[0].gate),
    headPrecision: of(spec.tiedHead ? NAMES.embedding : NAMES.head),
    embed: EMBEDDINGS[device] ?? (halfPrecision ? embedNarrowed : embedWidened),
  };
}
