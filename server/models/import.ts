import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { asUserError } from '../files.ts';
import { mergeAdapter } from './adapter.ts';
import { writeModelCard } from './card.ts';
import { CONVERSIONS, copyFile } from './convert.ts';
import type { ModelFolder, Quality, Quantization } from './model-folder.ts';
import { readSpec } from './read-spec.ts';
import { CONFIG_FILE, openModel, readConfig, TOKENIZER_FILE } from './registry.ts';
import { type OutputGroup, writeCheckpoint, writeWhole } from './safetensors-writer.ts';
import { VOCABULARY_FILES } from './vocabulary-files.ts';
import { openWeightSource } from './weight-source.ts';

/** Git hosts refuse files of 100 MB. */
const SHARD_BYTES = 90 * 1024 * 1024;

const TOKENIZER_FILES = [
  ...[TOKENIZER_FILE, 'tokenizer_config.json', 'chat_template.jinja'],
  ...VOCABULARY_FILES,
];

export interface ImportOptions {
  quantize: Quantization;
  /** File of a LoRA adapter to merge; a sampler head beside it was trained with it and takes the place of the model's. */
  adapter?: string;
  signal?: AbortSignal;
  /** Told the share of the weights that is written, 0 … 1. */
  progress?(share: number): void;
  /** Compares a rounded model with the source it was made of, for the model card. */
  compare?(model: ModelFolder, openSource: () => Promise<ModelFolder>): Promise<Quality | undefined>;
}

/**
 * Makes a model folder `dest` out of `src`: a folder with config.json, weights (safetensors or one GGUF file, there
 * or in `base/`) and tokenizer files (there or in `tokenizer/`). A few weights at a time are in memory. The folder gets
 * its name only when it is complete. Throws UserError when the source does not make a model or `dest` is not empty.
 */
export async function importModel(src: string, dest: string, options: ImportOptions): Promise<ModelFolder> {
  const { values } = await readConfig(path.resolve(src));
  const spec = readSpec(path.join(src, CONFIG_FILE), values);
  const source = await openWeightSource(path.resolve(src), spec);
  const weights = options.adapter === undefined ? source : await mergeAdapter(source, options.adapter, spec);
  const conversion = CONVERSIONS[options.quantize];
  await refuseNonEmpty(dest);

  const partial = `${path.resolve(dest)}.partial-${process.pid}`;
  await mkdir(partial, { recursive: true }).catch((error) => {
    throw asUserError(error, dest);
  });
  try {
    if (spec.samplerHead) {
      const from = samplerHeadFolder(path.resolve(src), spec.samplerHead.file, options.adapter);
      await conversion.writeSamplerHead(weights, spec.samplerHead, from, partial);
    }
    const groups = conversion.groups(weights, spec).map((group) => interruptible(group, options.signal));
    await writeCheckpoint(partial, groups, SHARD_BYTES, options.progress ?? (() => {}));
    const { quantization_config: _old, ...rest } = values;
    await writeWhole(
      path.join(partial, CONFIG_FILE),
      `${JSON.stringify({ ...rest, ...conversion.config }, null, 2)}\n`,
    );
    await copyCompanions(path.resolve(src), partial);
    const model = await openModel(partial);
    const quality = options.quantize === 'none' ? undefined : await measure(model, src, partial, options);
    await writeModelCard(model, path.resolve(src), path.basename(dest), { ...options, quality });
    if (existsSync(dest)) await rmdir(dest);
    await rename(partial, dest);
  } catch (error) {
    throw asUserError(error as Error, dest);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return openModel(dest);
}

function samplerHeadFolder(src: string, file: string, adapter: string | undefined): string {
  const beside = adapter === undefined ? src : path.dirname(path.resolve(adapter));
  return existsSync(path.join(beside, file)) ? beside : src;
}

/** Compares with the source, which is first written without rounding where its weights cannot be used as they lie. */
async function measure(
  model: ModelFolder,
  src: string,
  partial: string,
  { compare, adapter, signal }: ImportOptions,
): Promise<Quality | undefined> {
  if (!compare) return undefined;
  const plain = `${partial}-plain`;
  const openSource = async () => {
    const usable = adapter === undefined ? await openModel(src).catch(() => undefined) : undefined;
    return usable ?? importModel(src, plain, { quantize: 'none', adapter, signal });
  };
  try {
    return await compare(model, openSource);
  } finally {
    await rm(plain, { recursive: true, force: true });
  }
}

async function refuseNonEmpty(dest: string): Promise<void> {
  if (!existsSync(dest)) return;
  if ((await readdir(dest).catch(() => ['a file'])).length === 0) return;
  throw new UserError(`${dest} already exists and is not an empty folder; choose another name or remove it.`);
}

function interruptible(group: OutputGroup, signal: AbortSignal | undefined): OutputGroup {
  const produce = (part: number) => {
    signal?.throwIfAborted();
    return group.produce(part);
  };
  return { ...group, produce };
}

/** Copies what belongs to a model beside its weights: tokenizer, licence and notice. */
async function copyCompanions(src: string, dest: string): Promise<void> {
  for (const name of TOKENIZER_FILES) {
    const from = [path.join(src, name), path.join(src, 'tokenizer', name)].find(existsSync);
    if (from) await copyFile(from, path.join(dest, name));
  }
  const papers = (await readdir(src)).filter((name) => /^(licen[cs]e|notice)/i.test(name));
  for (const name of papers) {
    const plain = name.replace(/^licen[cs]e-base$/i, 'LICENSE');
    await copyFile(path.join(src, name), path.join(dest, plain));
  }
}
