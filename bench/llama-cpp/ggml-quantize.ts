import { halfBits } from '../../server/models/tensor-data.ts';

/** Values in one block of Q8_0 and of Q4_0. */
const BLOCK = 32;

/** How a tensor is stored in the file: its number in GGUF and the bytes of one block. */
export const STORAGE = {
  F32: { ggmlType: 0, elements: 1, bytes: 4, encode: (values: Float32Array) => asBytes(values) },
  Q4_0: {
    ggmlType: 2,
    elements: BLOCK,
    bytes: 18,
    encode: (values: Float32Array) => encodeBlocks(values, 18, q4),
  },
  Q8_0: {
    ggmlType: 8,
    elements: BLOCK,
    bytes: 34,
    encode: (values: Float32Array) => encodeBlocks(values, 34, q8),
  },
} as const;

export type Storage = keyof typeof STORAGE;

type WriteBlock = (values: Float32Array, from: number, out: DataView, at: number) => void;

function encodeBlocks(values: Float32Array, bytes: number, write: WriteBlock): Uint8Array {
  const blocks = values.length / BLOCK;
  const out = new DataView(new ArrayBuffer(blocks * bytes));
  for (let block = 0; block < blocks; block++) write(values, block * BLOCK, out, block * bytes);
  return asBytes(out);
}

/** Scale = largest magnitude / 127, then 32 signed bytes. */
function q8(values: Float32Array, from: number, out: DataView, at: number): void {
  let largest = 0;
  for (let i = 0; i < BLOCK; i++) largest = Math.max(largest, Math.abs(values[from + i]));
  const scale = largest / 127;
  out.setUint16(at, halfBits(scale), true);
  for (let i = 0; i < BLOCK; i++)
    out.setInt8(at + 2 + i, scale === 0 ? 0 : Math.round(values[from + i] / scale));
}

/** Scale = the value of largest magnitude / −8, then 32 numbers 0 … 15 meaning `scale · (q − 8)`. */
function q4(values: Float32Array, from: number, out: DataView, at: number): void {
  let extreme = 0;
  for (let i = 0; i < BLOCK; i++) {
    if (Math.abs(values[from + i]) > Math.abs(extreme)) extreme = values[from + i];
  }
  const scale = extreme / -8;
  out.setUint16(at, halfBits(scale), true);
  const quantized = (i: number) =>
    scale === 0 ? 8 : Math.min(15, Math.floor(values[from + i] / scale + 8.5));
  for (let i = 0; i < BLOCK / 2; i++)
    out.setUint8(at + 2 + i, quantized(i) | (quantized(i + BLOCK / 2) << 4));
}

function asBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
