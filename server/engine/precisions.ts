import type { ForwardOptions } from '../../kernels/forward.ts';
import { fp32 } from '../../kernels/linear/fp32.ts';
import { int4 } from '../../kernels/linear/int4.ts';
import { int8 } from '../../kernels/linear/int8.ts';
import type { Precision } from '../../kernels/linear/linear.ts';
import { layerNames, NAMES } from '../../kernels/names.ts';
import type { WeightDtype } from '../../kernels/weights.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { nativeActivations } from './ort.ts';

/** How the matrices of a model are multiplied: as they are stored. */
export function choosePrecisions({
  spec,
  weights,
}: ModelFolder): Pick<ForwardOptions, 'precision' | 'headPrecision'> {
  const of = (matrix: string): Precision => {
    const dtype = weights.get(`${matrix}.weight`)?.dtype;
    return PRECISIONS[dtype as WeightDtype]?.(spec.normedRange) ?? fp32;
  };
  return {
    precision: of(layerNames(0).query),
    headPrecision: of(spec.tiedHead ? NAMES.embedding : NAMES.head),
  };
}

const PRECISIONS: Partial<Record<WeightDtype, (normedRange?: number) => Precision>> = {
  I8: (normedRange) => int8(nativeActivations(), normedRange),
  I4: () => int4,
};
