import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NAMES } from '../../kernels/names.ts';
import { UserError } from '../errors.ts';
import { SCALE } from './check-weights.ts';
import type { Quantization } from './model-folder.ts';
import { BLOCK, INT4_CONFIG, INT8_CONFIG, quantizeBlocks, quantizeRows } from './quantize.ts';
import { rotateWeights } from './rotate.ts';
import { rotateSamplerHead } from './rotate-sampler-head.ts';
import type { RowSpan } from './safetensors.ts';
import { type OutputGroup, writeSafetensors } from './safetensors-writer.ts';
import type { DenoiserSpec, SamplerHeadSpec } from './spec.ts';
import { bytesOf } from './tensor-data.ts';
import { expectedWeights } from './weight-names.ts';
import { partsOf, type SourceWeight, type WeightSource } from './weight-source.ts';

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
    writeSamplerHead: copySamplerHead,
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
  int4: {
    config: { quantization_config: INT4_CONFIG },
    groups: (weights, spec) =>
      [...expectedWeights(spec)].map(([name, { quantizable }]) => {
        const convert = !quantizable ? kept : OUTER.includes(name) ? rounded : packed;
        return convert(name, weights.get(name)!);
      }),
    writeSamplerHead: copySamplerHead,
    account:
      `the matrices of the layers were rounded to 4-bit integers with one scale per ${BLOCK} numbers of a row, the ` +
      'embedding and the head to 8-bit integers with one scale per row',
  },
};

/** In 4 bits these too would make the divergence that `quantizeBlocks` gives a fifth larger. */
const OUTER = [NAMES.embedding, NAMES.head].map((matrix) => `${matrix}.weight`);

/** Half-precision weights that nothing has changed stay as they are; all others are written in fp32. */
function kept(name: string, weight: SourceWeight): OutputGroup {
  const { dims, half, read } = weight;
  return {
    tensors: [{ name, dtype: half?.dtype ?? 'F32', dims }],
    ...inParts(weight, async (rows) => [half ? await half.read(rows) : bytesOf(await read(rows))]),
  };
}

function rounded(name: string, weight: SourceWeight): OutputGroup {
  const { dims, read } = weight;
  return {
    tensors: [
      { name, dtype: 'I8', dims },
      { name: name + SCALE, dtype: 'F32', dims: [dims[0]] },
    ],
    ...inParts(weight, async (rows) => {
      const { integers, scales } = quantizeRows(await read(rows), rows.count);
      return [bytesOf(integers), bytesOf(scales)];
    }),
  };
}

function packed(name: string, weight: SourceWeight): OutputGroup {
  const { dims, read } = weight;
  const [out, into] = dims;
  if (into % BLOCK !== 0) {
    throw new UserError(
      `${name} [${out}, ${into}] cannot be stored in 4 bits: its rows are no multiple of ${BLOCK}.`,
    );
  }
  return {
    tensors: [
      { name: `${name}_packed`, dtype: 'I32', dims: [out, into / 8] },
      { name: name + SCALE, dtype: 'F16', dims: [out, into / BLOCK] },
      { name: `${name}_shape`, dtype: 'I64', dims: [2] },
    ],
    ...inParts(weight, async (rows) => {
      const blocks = quantizeBlocks(await read(rows));
      const shape = rows.start === 0 ? [BigInt64Array.of(BigInt(out), BigInt(into))] : [];
      return [blocks.packed, blocks.scales, ...shape].map(bytesOf);
    }),
  };
}

function inParts(
  weight: SourceWeight,
  produce: (rows: RowSpan) => Promise<Uint8Array[]>,
): Pick<OutputGroup, 'parts' | 'produce'> {
  const spans = partsOf(weight);
  return { parts: spans.length, produce: (part) => produce(spans[part]) };
}

function copySamplerHead(_weights: WeightSource, { file }: SamplerHeadSpec, src: string, dest: string) {
  return copyFile(path.join(src, file), path.join(dest, file));
}

/** Unlike fs.copyFile this does not take over the file mode: a read-only source makes a writable copy. */
export async function copyFile(from: string, to: string): Promise<void> {
  await writeFile(to, await readFile(from));
}
