import { type FileHandle, open, rename } from 'node:fs/promises';
import { STORAGE, type Storage } from './ggml-quantize.ts';

/** A metadata value with its GGUF type. */
export type GgufValue =
  | { type: 'u32' | 'f32' | 'bool' | 'string'; value: number | string | boolean }
  | { type: 'strings' | 'i32s'; value: readonly (string | number)[] };

export interface GgufTensor {
  name: string;
  /** Row-major, slowest dimension first. */
  dims: readonly number[];
  storage: Storage;
  read(): Promise<Float32Array>;
}

/** Tensor data starts on a multiple of this, the default of the format. */
const ALIGNMENT = 32;

const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

/** Writes a GGUF version 3 file: one tensor in memory at a time, under a temporary name that is renamed at the end. */
export async function writeGguf(
  file: string,
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.write(pad(header(metadata, tensors)));
    for (const tensor of tensors) await writeTensor(handle, tensor);
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

async function writeTensor(handle: FileHandle, tensor: GgufTensor): Promise<void> {
  const bytes = STORAGE[tensor.storage].encode(await tensor.read());
  if (bytes.length !== storedBytes(tensor))
    throw new Error(`${tensor.name} has another size than its dimensions`);
  await handle.write(pad(bytes));
}

function header(metadata: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Uint8Array {
  const entries = Object.entries(metadata);
  const parts = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [key, value] of entries) parts.push(string(key), encodeValue(value));
  let offset = 0;
  for (const tensor of tensors) {
    const shape = [...tensor.dims].reverse();
    parts.push(string(tensor.name), u32(shape.length), ...shape.map(u64));
    parts.push(u32(STORAGE[tensor.storage].ggmlType), u64(offset));
    offset += aligned(storedBytes(tensor));
  }
  return Buffer.concat(parts);
}

function encodeValue(value: GgufValue): Buffer {
  switch (value.type) {
    case 'strings':
      return array(
        TYPE.string,
        value.value.map((text) => string(String(text))),
      );
    case 'i32s':
      return array(
        TYPE.i32,
        value.value.map((number) => u32(Number(number))),
      );
    case 'string':
      return Buffer.concat([u32(TYPE.string), string(String(value.value))]);
    case 'bool':
      return Buffer.concat([u32(TYPE.bool), Buffer.from([value.value ? 1 : 0])]);
    case 'f32':
      return Buffer.concat([u32(TYPE.f32), f32(Number(value.value))]);
    case 'u32':
      return Buffer.concat([u32(TYPE.u32), u32(Number(value.value))]);
  }
}

function array(elementType: number, elements: Buffer[]): Buffer {
  return Buffer.concat([u32(TYPE.array), u32(elementType), u64(elements.length), ...elements]);
}

function storedBytes(tensor: GgufTensor): number {
  const { elements, bytes } = STORAGE[tensor.storage];
  return (tensor.dims.reduce((a, b) => a * b, 1) / elements) * bytes;
}

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function pad(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
