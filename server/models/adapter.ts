import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { NAMES } from '../../kernels/names.ts';
import { UserError } from '../errors.ts';
import { type Change, changeWeights } from './change-weights.ts';
import { ConfigReader } from './config-reader.ts';
import { readSafetensorsHeader, readTensor, type TensorTable } from './safetensors.ts';
import type { DenoiserSpec } from './spec.ts';
import { expectedWeights } from './weight-names.ts';
import type { WeightSource } from './weight-source.ts';

const EMBEDDING = `${NAMES.embedding}.weight`;
const PEFT_PREFIX = 'base_model.model.';
/** Replaces the embedding's rows at the config's `special_token_ids`; an addition of ours to PEFT's format. */
const SPECIAL_ROWS = 'special_token_rows';

/**
 * The weights with a LoRA adapter merged in, W + alpha/r · B·A. The adapter has PEFT's names; adapter_config.json lies
 * beside `file`. Throws UserError for variants that are not plain LoRA and for matrices that do not fit the model.
 */
export async function mergeAdapter(
  source: WeightSource,
  file: string,
  spec: DenoiserSpec,
): Promise<WeightSource> {
  const dir = path.dirname(path.resolve(file));
  const config = await readAdapterConfig(path.join(dir, 'adapter_config.json'));
  const { tensors } = await readSafetensorsHeader(dir, path.basename(file));
  const rank = config.count('r');
  const scale = config.positive('lora_alpha') / rank;
  const specialIds = config.tokenIds('special_token_ids', spec.vocabSize);
  const targets = checkTensors(file, spec, tensors, rank, specialIds.length);
  const read = (name: string) => readTensor(dir, tensors.get(name)!);
  const changes = new Map<string, Change>();
  for (const [name, target] of targets) {
    changes.set(name, {
      async apply(values, firstRow) {
        addProduct(
          values,
          (await read(target.b)).subarray(firstRow * rank),
          await read(target.a),
          rank,
          scale,
        );
      },
    });
  }
  const mergeEmbedding = changes.get(EMBEDDING);
  if (specialIds.length > 0) {
    changes.set(EMBEDDING, {
      async apply(values, firstRow) {
        await mergeEmbedding?.apply(values, firstRow);
        const rows = await read(SPECIAL_ROWS);
        for (const [i, id] of specialIds.entries()) {
          const to = (id - firstRow) * spec.hiddenSize;
          if (to < 0 || to >= values.length) continue;
          values.set(rows.subarray(i * spec.hiddenSize, (i + 1) * spec.hiddenSize), to);
        }
      },
    });
  }
  return changeWeights(source, changes);
}

async function readAdapterConfig(file: string): Promise<ConfigReader> {
  let values: Record<string, unknown>;
  try {
    values = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UserError(`${file}, which describes the adapter, cannot be read: ${(error as Error).message}.`);
  }
  const config = new ConfigReader(file, values);
  config.choice('peft_type', ['LORA']);
  config.choice('bias', ['none'], 'none');
  for (const flag of ['use_rslora', 'use_dora', 'fan_in_fan_out']) {
    if (config.boolean(flag, false)) throw config.refuse(flag, 'is true, which is not supported');
  }
  if (config.boolean('unmask_gated', false)) {
    throw config.refuse(
      'unmask_gated',
      'is true: what changes noisy rows only cannot be merged into weights',
    );
  }
  return config;
}

interface Target {
  a: string;
  b: string;
}

/** Pairs the matrices by the weight they change and checks their shapes: A [r, in], B [out, r]. */
function checkTensors(
  file: string,
  spec: DenoiserSpec,
  tensors: TensorTable,
  rank: number,
  specialRows: number,
): Map<string, Target> {
  const weights = expectedWeights(spec);
  const targets = new Map<string, Target>();
  const expectDims = (name: string, dims: number[]) => {
    const found = tensors.get(name);
    if (found?.dims.join() === dims.join()) return;
    const has = found ? `[${found.dims.join(', ')}]` : 'missing';
    throw new UserError(`${file}: ${name} must be [${dims.join(', ')}] to fit the model, but is ${has}.`);
  };
  for (const tensor of tensors.keys()) {
    if (tensor === SPECIAL_ROWS) continue;
    const stem = /^(.*)\.lora_[AB]\.weight$/.exec(tensor)?.[1];
    const name = `${stem?.startsWith(PEFT_PREFIX) ? stem.slice(PEFT_PREFIX.length) : stem}.weight`;
    const weight = weights.get(name);
    if (stem === undefined || weight?.dims.length !== 2) {
      throw new UserError(`${file}: ${tensor} changes nothing that the model has.`);
    }
    const target = { a: `${stem}.lora_A.weight`, b: `${stem}.lora_B.weight` };
    expectDims(target.a, [rank, weight.dims[1]]);
    expectDims(target.b, [weight.dims[0], rank]);
    targets.set(name, target);
  }
  if (specialRows > 0 || tensors.has(SPECIAL_ROWS)) expectDims(SPECIAL_ROWS, [specialRows, spec.hiddenSize]);
  return targets;
}

/** values [out, in] += scale · b [out, rank] · a [rank, in]; further rows of b are left out. */
function addProduct(
  values: Float32Array,
  b: Float32Array,
  a: Float32Array,
  rank: number,
  scale: number,
): void {
  const columns = a.length / rank;
  const rows = values.length / columns;
  for (let row = 0; row < rows; row++) {
    const out = values.subarray(row * columns, (row + 1) * columns);
    for (let k = 0; k < rank; k++) {
      const factor = scale * b[row * rank + k];
      const direction = a.subarray(k * columns, (k + 1) * columns);
      for (let i = 0; i < columns; i++) out[i] += factor * direction[i];
    }
  }
}
