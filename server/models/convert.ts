import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NAMES } from '../../kernels/names.ts';
import { SCALE } from './check-weights.ts';
import type { Quantization } from './model-folder.ts';
import { INT8_CONFIG, quantizeRows } from './quantize.ts';
import { rotateWeights } from './rotate.ts';
import { rotateSamplerHead } from './rotate-sampler-head.ts';
import { type OutputGroup, writeSafetensors } from './safetensors-writer.ts';
import type { DenoiserSpec, SamplerHeadSpec } from './spec.ts';
import { bytesOf } from './tensor-data.ts';
import { expectedWeights } from './weight-names.ts';
import type { SourceWeight, WeightSource } from './weight-source.ts';

/** How an import brings weights into the form in which they are stored. */
export interface Conversion {
  /** Keys of config.json that describe that form. */
  config: Record<string, unknown>;
  /** The weights to be written, in the order of use. */
  groups(weights: WeightSource, spec: DenoiserSpec): OutputGroup[];
  /** Writes the sampler head of the model in `src` to the folder `dest`; `weights` are the model's own. */
  writeSamplerHead(weights: WeightSource, spec: SamplerHeadSpec, src: string, dest: string): Promise<void>;
  /** What was done to the weights, for the model card. */
  account: string;
}

export const CONVERSIONS: Readonly<Record<Quantization, Conversion>> = {
  none: {
    config: {},
    groups: (weights, spec) =>
      [...expectedWeights(spec).keys()].map((name) => kept(name, weights.get(name)!)),
    writeSamplerHead: (_weights, { file }, src, dest) =>
      copyFile(path.join(src, file), path.join(dest, file)),
    account: 'no weight was rounded',
  },
  int8: {
    config: { tie_word_embeddings: false, quantization_config: INT8_CONFIG },
    groups(weights, spec) {
      const rotated = rotateWeights(weights, spec);
      const expected = expectedWeights({ ...spec, tiedHead: false });
      return [...expected].map(([name, { quantizable }]) =>
        (quantizable ? rounded : kept)(name, rotated.get(name)!),
      );
    },
    async writeSamplerHead(weights, spec, src, dest) {
      const groups = await rotateSamplerHead(src, spec, await weights.get(NAMES.norm)!.read());
      await writeSafetensors(path.join(dest, spec.file), groups);
    },
    account:
      'the residual stream and the values of every attention head were rotated by fixed orthogonal matrices, which ' +
      'changes no logit but spreads outliers, then every matrix was rounded to 8-bit integers with one scale per ' +
      'output row',
  },
};

/** Half-precision weights that nothing has changed stay as they are; all others are written in fp32. */
function kept(name: string, { dims, half, read }: SourceWeight): OutputGroup {
  if (half) return { tensors: [{ name, dtype: half.dtype, dims }], produce: async () => [await half.read()] };
  return { tensors: [{ name, dtype: 'F32', dims }], produce: async () => [bytesOf(await read())] };
}

function rounded(name: string, { dims, read }: SourceWeight): OutputGroup {
  return {
    tensors: [
      { name, dtype: 'I8', dims },
      { name: name + SCALE, dtype: 'F32', dims: [dims[0]] },
    ],
    async produce() {
      const { integers, scales } = quantizeRows(await read(), dims[0]);
      return [bytesOf(integers), bytesOf(scales)];
    },
  };
}

/** Unlike fs.copyFile this does not take over the file mode: a read-only source makes a writable copy. */
export async function copyFile(from: string, to: string): Promise<void> {
  await writeFile(to, await readFile(from));
}
