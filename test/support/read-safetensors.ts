import { readFileSync } from 'node:fs';

/** Every tensor of a small safetensors file as doubles, read without the project's own reader. */
export function readSafetensors(file: string): Map<string, Float64Array> {
  const bytes = readFileSync(file);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength));
  const tensors = new Map<string, Float64Array>();
  for (const [name, entry] of Object.entries<{ dtype: string; data_offsets: [number, number] }>(header)) {
    if (name === '__metadata__') continue;
    const [from, to] = entry.data_offsets.map((offset) => 8 + headerLength + offset);
    const { size, read } = ELEMENTS[entry.dtype];
    tensors.set(
      name,
      Float64Array.from({ length: (to - from) / size }, (_, i) => read(bytes, from + i * size)),
    );
  }
  return tensors;
}

const ELEMENTS: Record<string, { size: number; read(bytes: Buffer, at: number): number }> = {
  F32: { size: 4, read: (bytes, at) => bytes.readFloatLE(at) },
  F16: { size: 2, read: (bytes, at) => float16(bytes.readUInt16LE(at)) },
  BF16: { size: 2, read: (bytes, at) => bfloat16(bytes.readUInt16LE(at)) },
  I64: { size: 8, read: (bytes, at) => Number(bytes.readBigInt64LE(at)) },
  I8: { size: 1, read: (bytes, at) => bytes.readInt8(at) },
  U8: { size: 1, read: (bytes, at) => bytes.readUInt8(at) },
};

function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function bfloat16(bits: number): number {
  const word = Buffer.alloc(4);
  word.writeUInt16LE(bits, 2);
  return word.readFloatLE(0);
}
