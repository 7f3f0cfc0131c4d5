import { type FileHandle, open, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { INDEX_FILE, SINGLE_FILE } from './checkpoint.ts';
import { ELEMENT_BYTES, type TensorDtype } from './tensor-data.ts';

/** A tensor to be written. */
export interface OutputTensor {
  name: string;
  dtype: TensorDtype;
  dims: readonly number[];
}

/** Tensors that are computed together and lie in one file, such as a weight and its scales. */
export interface OutputGroup {
  tensors: readonly OutputTensor[];
  /** How often `produce` is called, 1 when left out. */
  parts?: number;
  /** The next bytes of each tensor, little-endian and row-major; called for one part after the other. */
  produce(part: number): Promise<Uint8Array[]>;
}

/** Tensor data begin on such a boundary, so that vector loads on a mapped file are aligned. */
const ALIGNMENT = 64;

/**
 * Writes a checkpoint to `dir`: one file, or shards of at most `shardBytes` and the index that joins them. A single
 * group larger than that gets a shard of its own. At most one part of one group is in memory at a time. Every file is renamed
 * into place when it is complete, the index last. `progress` is told the share written, 0 … 1.
 */
export async function writeCheckpoint(
  dir: string,
  groups: readonly OutputGroup[],
  shardBytes: number,
  progress: (share: number) => void,
): Promise<void> {
  const shards = planShards(groups, shardBytes);
  const total = groups.reduce((sum, group) => sum + groupBytes(group), 0);
  const weightMap: Record<string, string> = {};
  let written = 0;
  for (const [i, shard] of shards.entries()) {
    const file = shards.length === 1 ? SINGLE_FILE : shardName(i + 1, shards.length);
    const done = (group: OutputGroup) => {
      written += groupBytes(group);
      progress(written / total);
    };
    await writeSafetensors(path.join(dir, file), shard, { done });
    for (const tensor of shard.flatMap((group) => group.tensors)) weightMap[tensor.name] = file;
  }
  if (shards.length === 1) return;
  const index = { metadata: { total_size: total }, weight_map: weightMap };
  await writeWhole(path.join(dir, INDEX_FILE), `${JSON.stringify(index, null, 1)}\n`);
}

/** Writes a small file under a temporary name and renames it. */
export async function writeWhole(file: string, content: string): Promise<void> {
  await writeFile(`${file}.partial`, content);
  await rename(`${file}.partial`, file);
}

function planShards(groups: readonly OutputGroup[], shardBytes: number): OutputGroup[][] {
  const shards: OutputGroup[][] = [[]];
  let size = 0;
  for (const group of groups) {
    const bytes = groupBytes(group);
    if (size > 0 && size + bytes > shardBytes) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)!.push(group);
    size += bytes;
  }
  return shards;
}

/**
 * Writes one safetensors file, renamed into place when it is complete; `done` is told of every group written, `metadata`
 * goes into the header.
 */
export async function writeSafetensors(
  file: string,
  groups: readonly OutputGroup[],
  { done, metadata }: { done?(group: OutputGroup): void; metadata?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const { header, offsets } = layOut(
    groups.flatMap((group) => group.tensors),
    metadata,
  );
  const handle = await open(`${file}.partial`, 'w');
  try {
    await writeAll(handle, header, 0);
    for (const group of groups) {
      const ends = group.tensors.map(({ name }) => header.length + offsets.get(name)!);
      for (let part = 0; part < (group.parts ?? 1); part++) {
        for (const [i, bytes] of (await group.produce(part)).entries()) {
          await writeAll(handle, bytes, ends[i]);
          ends[i] += bytes.byteLength;
        }
      }
      done?.(group);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.partial`, file);
}

/** A disk that fills up takes a part without an error, and refuses the rest. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await handle.write(bytes, done, bytes.byteLength - done, position + done)).bytesWritten;
  }
}

/**
 * The format allows no holes between tensors. So those whose length keeps the alignment come first and the odd ones
 * at the end, by falling element size, where each is at least aligned to its own elements.
 */
function layOut(
  tensors: readonly OutputTensor[],
  metadata: Readonly<Record<string, string>> = {},
): { header: Buffer; offsets: Map<string, number> } {
  const rank = (tensor: OutputTensor) =>
    tensorBytes(tensor) % ALIGNMENT === 0 ? 0 : 1 / ELEMENT_BYTES[tensor.dtype];
  const offsets = new Map<string, number>();
  const entries: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  let end = 0;
  for (const tensor of [...tensors].sort((a, b) => rank(a) - rank(b))) {
    const start = end;
    end += tensorBytes(tensor);
    offsets.set(tensor.name, start);
    entries[tensor.name] = { dtype: tensor.dtype, shape: tensor.dims, data_offsets: [start, end] };
  }
  const json = Buffer.from(JSON.stringify(entries));
  const padded = Math.ceil((8 + json.length) / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(padded, ' ');
  header.writeBigUInt64LE(BigInt(padded - 8));
  json.copy(header, 8);
  return { header, offsets };
}

function tensorBytes({ dtype, dims }: OutputTensor): number {
  return dims.reduce((product, n) => product * n, ELEMENT_BYTES[dtype]);
}

function groupBytes(group: OutputGroup): number {
  return group.tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
}

function shardName(number: number, count: number): string {
  const digits = (n: number) => String(n).padStart(5, '0');
  return `model-${digits(number)}-of-${digits(count)}.safetensors`;
}
