import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { type Adapter, openAdapter } from './adapter.ts';
import { writeModelCard } from './card.ts';
import { SCALE } from './check-weights.ts';
import type { ModelFolder, Quantization } from './model-folder.ts';
import { INT8_CONFIG, quantizeRows } from './quantize.ts';
import { readSpec } from './read-spec.ts';
import { CONFIG_FILE, openModel, readConfig, TOKENIZER_FILE } from './registry.ts';
import { type OutputGroup, writeCheckpoint, writeWhole } from './safetensors-writer.ts';
import { expectedWeights } from './weight-names.ts';
import { openWeightSource, type SourceWeight } from './weight-source.ts';

/** Git hosts refuse files of 100 MB. */
const SHARD_BYTES = 90 * 1024 * 1024;

const TOKENIZER_FILES = [TOKENIZER_FILE, 'tokenizer_config.json', 'chat_template.jinja'];

export interface ImportOptions {
  quantize: Quantization;
  /** File of a LoRA adapter to merge. */
  adapter?: string;
  signal?: AbortSignal;
  /** Told the share of the weights that is written, 0 … 1. */
  progress?(share: number): void;
}

/**
 * Makes a model folder `dest` out of `src`: a folder with config.json, weights (safetensors or one GGUF file, there
 * or in `base/`) and tokenizer files (there or in `tokenizer/`). One weight at a time is in memory. The folder gets
 * its name only when it is complete. Throws UserError when the source does not make a model or `dest` is not empty.
 */
export async function importModel(src: string, dest: string, options: ImportOptions): Promise<ModelFolder> {
  const { values } = await readConfig(path.resolve(src));
  const spec = readSpec(path.join(src, CONFIG_FILE), values);
  const source = await openWeightSource(path.resolve(src), spec);
  const adapter = options.adapter === undefined ? undefined : await openAdapter(options.adapter, spec);
  await refuseNonEmpty(dest);

  const partial = `${path.resolve(dest)}.partial-${process.pid}`;
  await mkdir(partial, { recursive: true });
  try {
    const groups = [...expectedWeights(spec)].map(([name, { quantizable }]) =>
      interruptible(
        outputGroup(name, source.get(name)!, options.quantize === 'int8' && quantizable, adapter),
        options.signal,
      ),
    );
    await writeCheckpoint(partial, groups, SHARD_BYTES, options.progress ?? (() => {}));
    const quantization = options.quantize === 'int8' ? { quantization_config: INT8_CONFIG } : {};
    const { quantization_config: _old, ...rest } = values;
    await writeWhole(
      path.join(partial, CONFIG_FILE),
      `${JSON.stringify({ ...rest, ...quantization }, null, 2)}\n`,
    );
    await copyCompanions(path.resolve(src), partial, spec.samplerHead?.file);
    await writeModelCard(partial, await openModel(partial), path.resolve(src), path.basename(dest), options);
    if (existsSync(dest)) await rmdir(dest);
    await rename(partial, dest);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return openModel(dest);
}

async function refuseNonEmpty(dest: string): Promise<void> {
  if (!existsSync(dest)) return;
  if ((await readdir(dest).catch(() => ['a file'])).length === 0) return;
  throw new UserError(`${dest} already exists and is not an empty folder; choose another name or remove it.`);
}

function outputGroup(
  name: string,
  weight: SourceWeight,
  quantize: boolean,
  adapter: Adapter | undefined,
): OutputGroup {
  const { dims, half } = weight;
  const changed = adapter?.changes(name) ?? false;
  if (half && !changed && !quantize) {
    return { tensors: [{ name, dtype: half.dtype, dims }], produce: async () => [await half.read()] };
  }
  const merged = async () => {
    const values = await weight.read();
    if (changed) await adapter?.merge(name, values);
    return values;
  };
  if (!quantize) {
    return { tensors: [{ name, dtype: 'F32', dims }], produce: async () => [bytesOf(await merged())] };
  }
  return {
    tensors: [
      { name, dtype: 'I8', dims },
      { name: name + SCALE, dtype: 'F32', dims: [dims[0]] },
    ],
    async produce() {
      const { integers, scales } = quantizeRows(await merged(), dims[0]);
      return [bytesOf(integers), bytesOf(scales)];
    },
  };
}

function interruptible(group: OutputGroup, signal: AbortSignal | undefined): OutputGroup {
  const produce = () => {
    signal?.throwIfAborted();
    return group.produce();
  };
  return { tensors: group.tensors, produce };
}

function bytesOf(values: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Copies what belongs to a model beside its weights: tokenizer, sampler head, licence and notice. */
async function copyCompanions(src: string, dest: string, samplerHead: string | undefined): Promise<void> {
  for (const name of TOKENIZER_FILES) {
    const from = [path.join(src, name), path.join(src, 'tokenizer', name)].find(existsSync);
    if (from) await copy(from, path.join(dest, name));
  }
  if (samplerHead) await copy(path.join(src, samplerHead), path.join(dest, samplerHead));
  const papers = (await readdir(src)).filter((name) => /^(licen[cs]e|notice)/i.test(name));
  for (const name of papers) {
    const plain = name.replace(/^licen[cs]e-base$/i, 'LICENSE');
    await copy(path.join(src, name), path.join(dest, plain));
  }
}

/** Unlike fs.copyFile this does not take over the file mode: a read-only source makes a writable copy. */
async function copy(from: string, to: string): Promise<void> {
  await writeFile(to, await readFile(from));
}
