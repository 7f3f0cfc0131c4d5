import { existsSync, statSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { WeightDtype, WeightTable } from '../../kernels/weights.ts';
import { UserError } from '../errors.ts';
import { checkWeights } from './check-weights.ts';
import { readCheckpoint } from './checkpoint.ts';
import { ConfigReader } from './config-reader.ts';
import type { ModelFolder, Quantization } from './model-folder.ts';
import { readSpec } from './read-spec.ts';
import { readWeight } from './safetensors.ts';
import { checkSamplerHead } from './sampler-head-file.ts';
import type { DenoiserSpec } from './spec.ts';
import { VOCABULARY_FILE } from './vocabulary-files.ts';
import { expectedWeights } from './weight-names.ts';
import { hashWeights } from './weights-hash.ts';

export const CONFIG_FILE = 'config.json';
export const TOKENIZER_FILE = 'tokenizer.json';

/** Opens a model folder: reads config.json and the headers of its weights. Throws UserError for what is wrong. */
export async function openModel(dir: string): Promise<ModelFolder> {
  const absolute = path.resolve(dir);
  const { text, values } = await readConfig(absolute);
  const configFile = path.join(absolute, CONFIG_FILE);
  const spec = readSpec(configFile, values);
  const checkpoint = await readCheckpoint(absolute);
  await refuseLinks(absolute, new Set([...checkpoint.tensors.values()].map(({ file }) => file)));
  const weights = checkWeights(absolute, spec, checkpoint.tensors);
  if (spec.samplerHead) await checkSamplerHead(absolute, spec.samplerHead, spec.hiddenSize);
  const tokenizerPath = [TOKENIZER_FILE, VOCABULARY_FILE]
    .map((name) => path.join(absolute, name))
    .find(existsSync);
  const sizes = [...expectedWeights(spec).values()].map(({ dims }) => dims.reduce((a, b) => a * b, 1));
  return {
    dir: absolute,
    name: path.basename(absolute),
    spec,
    weights,
    quantization: readQuantization(new ConfigReader(configFile, values), spec, weights),
    parameters: sizes.reduce((a, b) => a + b, 0),
    bytes: [...weights.values()].reduce((sum, weight) => sum + weight.length, 0),
    weightsHash: hashWeights(absolute, text, checkpoint),
    tokenizerPath,
    readTensor: (name) => readWeight(absolute, weights, name),
  };
}

/** The runtime maps no file from outside the folder of its model. */
async function refuseLinks(dir: string, files: ReadonlySet<string>): Promise<void> {
  const folder = await realpath(dir);
  for (const file of files) {
    const target = await realpath(path.join(dir, file));
    if (path.dirname(target) === folder) continue;
    throw new UserError(
      `${path.join(dir, file)} is a link to ${target}, outside the model's folder: put the file itself there, or make a folder of its own with \`unmask model import\`.`,
    );
  }
}

/** Reads a folder's config.json as an object. */
export async function readConfig(dir: string): Promise<{ text: string; values: Record<string, unknown> }> {
  if (!existsSync(dir) || !statSync(dir).isDirectory()) {
    throw new UserError(`${dir} is not a model folder: there is no such folder.`);
  }
  const file = path.join(dir, CONFIG_FILE);
  if (!existsSync(file)) throw new UserError(`${dir} is not a model folder: it has no ${CONFIG_FILE}.`);
  const text = await readFile(file, 'utf8');
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${file} is not JSON: ${(error as Error).message}.`);
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new UserError(`${file} must hold a JSON object.`);
  }
  return { text, values: values as Record<string, unknown> };
}

const QUANTIZATIONS: Partial<Record<WeightDtype, Quantization>> = { I8: 'int8', I4: 'int4' };

/** What the matrices of the layers are, all the same, which must not contradict what the config says of them. */
function readQuantization(config: ConfigReader, spec: DenoiserSpec, weights: WeightTable): Quantization {
  const matrices = [...expectedWeights(spec)].filter(
    ([name, { quantizable }]) => quantizable && name.startsWith('model.layers.'),
  );
  const kinds = matrices.map(([name]) => QUANTIZATIONS[weights.get(name)!.dtype] ?? 'none');
  const [stored] = kinds;
  const odd = kinds.findIndex((kind) => kind !== stored);
  if (odd >= 0) {
    throw new UserError(
      `${path.dirname(config.file)}: ${matrices[odd][0]} is stored in another way (${kinds[odd]}) than ${matrices[0][0]} (${stored}); all matrices of the layers must be alike.`,
    );
  }
  const section = config.section('quantization_config');
  section?.choice('quant_method', ['compressed-tensors']);
  if (section && stored === 'none')
    throw config.refuse('quantization_config', 'is there, but no matrix of a layer is I8 or packed');
  return stored;
}
