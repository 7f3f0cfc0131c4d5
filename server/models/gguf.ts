import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { GGUFParseOutput } from '@huggingface/gguf';
import { UserError } from '../errors.ts';
import { takeRows } from './change-weights.ts';
import { checkNames } from './check-weights.ts';
import { readFileBytes } from './file-bytes.ts';
import { dequantize, GGML_TYPES, type GgmlType } from './ggml-types.ts';
import { huggingFaceName, isIgnoredGgufTensor, unpermuteHeads } from './gguf-names.ts';
import type { RowSpan } from './safetensors.ts';
import type { DenoiserSpec } from './spec.ts';
import type { SourceWeight, WeightSource } from './weight-source.ts';

/**
 * Opens a GGUF file as a source of weights under Hugging Face names, dequantised when read. Throws UserError for a
 * damaged file, an unknown quantisation, another architecture than the spec's and weights that do not fit it.
 */
export async function openGguf(file: string, spec: DenoiserSpec): Promise<WeightSource> {
  const { size } = await stat(file);
  const header = await parse(file, size);
  const architecture = header.metadata['general.architecture'];
  if (architecture !== spec.family) {
    throw new UserError(
      `${file} holds a ${architecture} model, but config.json describes a ${spec.family} model.`,
    );
  }
  const source = new Map<string, SourceWeight>();
  for (const info of header.tensorInfos) {
    if (isIgnoredGgufTensor(info.name)) continue;
    const name = huggingFaceName(info.name);
    if (!name) throw new UserError(`${file}: tensor ${info.name} is not part of a ${spec.family} model.`);
    if (source.has(name)) throw new UserError(`${file}: tensor ${info.name} appears twice.`);
    const heads = reorderedHeads(name, spec);
    source.set(name, sourceWeight(file, size, info, Number(header.tensorDataOffset), heads));
  }
  checkNames(file, spec, source);
  return source;
}

async function parse(file: string, size: number): Promise<GGUFParseOutput> {
  try {
    // Loaded on demand: the library brings half a megabyte of model descriptions that only an import needs.
    const { gguf } = await import('@huggingface/gguf');
    const header = await gguf(file, { allowLocalFile: true });
    if (!header.littleEndian) throw new Error('it is big-endian');
    // The library reads zeros beyond the end of the file.
    if (header.tensorDataOffset > size) throw new Error('it is truncated inside its header');
    return header;
  } catch (error) {
    throw new UserError(`${file} is not a readable GGUF file: ${(error as Error).message}.`);
  }
}

/** How many heads of rows the converter reordered in this tensor; 0 when it did not. */
function reorderedHeads(name: string, spec: DenoiserSpec): number {
  if (spec.family !== 'llama') return 0;
  if (/\.q_proj\./.test(name)) return spec.heads;
  return /\.k_proj\./.test(name) ? spec.kvHeads : 0;
}

function sourceWeight(
  file: string,
  size: number,
  info: GGUFParseOutput['tensorInfos'][number],
  dataOffset: number,
  heads: number,
): SourceWeight {
  const type = GGML_TYPES.get(info.dtype);
  if (!type) {
    const known = [...GGML_TYPES.values()].map(({ name }) => name).join(', ');
    throw new UserError(`${file}: tensor ${info.name} has ggml type ${info.dtype}; supported are ${known}.`);
  }
  // ggml lists the fastest dimension first.
  const dims = info.shape.map(Number).reverse();
  const length = storedBytes(file, info.name, type, dims);
  const offset = dataOffset + Number(info.offset);
  if (offset + length > size) {
    throw new UserError(
      `${file} is truncated: tensor ${info.name} ends at byte ${offset + length}, the file at ${size}.`,
    );
  }
  const read = async ({ start, count }: RowSpan = { start: 0, count: dims[0] }) => {
    const rowBytes = length / dims[0];
    return dequantize(type, await readFileBytes(file, offset + start * rowBytes, count * rowBytes));
  };
  if (dims.length > 1 && heads === 0) return { dims, read };
  const readAll = async () => {
    const values = await read();
    return heads > 0 ? unpermuteHeads(values, heads, dims[0] / heads) : values;
  };
  return { dims, whole: true, read: async (rows) => takeRows(await readAll(), dims[0], rows) };
}

function storedBytes(file: string, name: string, type: GgmlType, dims: number[]): number {
  const elements = dims.reduce((product, n) => product * n, 1);
  if (dims.length === 0 || dims.at(-1)! % type.elements !== 0) {
    throw new UserError(
      `${path.basename(file)}: tensor ${name} [${dims.join(', ')}] cannot be ${type.name}, which has blocks of ${type.elements}.`,
    );
  }
  return (elements / type.elements) * type.bytes;
}
