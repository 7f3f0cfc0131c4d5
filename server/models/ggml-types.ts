import { halfBitsToNumber } from './tensor-data.ts';

/** One way ggml stores numbers: blocks of `elements` values in `bytes` bytes. */
export interface GgmlType {
  name: string;
  elements: number;
  bytes: number;
  /** Writes the values of the block that starts at byte `at` to `out` from `to` on. */
  dequantize(block: DataView, at: number, out: Float32Array, to: number): void;
}

const half = (view: DataView, at: number) => halfBitsToNumber(view.getUint16(at, true));

/** Value i sits in the low half of byte i, value i + 16 in its high half: `scale · q + offset`. */
function nibbles(
  view: DataView,
  at: number,
  scale: number,
  offset: number,
  out: Float32Array,
  to: number,
): void {
  for (let i = 0; i < 16; i++) {
    const byte = view.getUint8(at + i);
    out[to + i] = scale * (byte & 15) + offset;
    out[to + 16 + i] = scale * (byte >> 4) + offset;
  }
}

/**
 * 256 values in 16 groups with a scale each; the low four bits of the values come first, then their upper two.
 * Every half of the block (128 values) is four runs of 32 that share the same 32 bytes of upper bits.
 */
function dequantizeQ6K(view: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(view, at + 208);
  for (let value = 0; value < 256; value++) {
    const halfBlock = value >> 7;
    const run = (value >> 5) & 3;
    const i = value & 31;
    const lowByte = view.getUint8(at + halfBlock * 64 + (run & 1) * 32 + i);
    const low = run < 2 ? lowByte & 15 : lowByte >> 4;
    const high = (view.getUint8(at + 128 + halfBlock * 32 + i) >> (2 * run)) & 3;
    out[to + value] = d * view.getInt8(at + 192 + (value >> 4)) * ((low | (high << 4)) - 32);
  }
}

/** The supported types by their number in a GGUF file. */
export const GGML_TYPES: ReadonlyMap<number, GgmlType> = new Map<number, GgmlType>([
  [
    0,
    {
      name: 'F32',
      elements: 1,
      bytes: 4,
      dequantize: (view, at, out, to) => {
        out[to] = view.getFloat32(at, true);
      },
    },
  ],
  [
    1,
    {
      name: 'F16',
      elements: 1,
      bytes: 2,
      dequantize: (view, at, out, to) => {
        out[to] = half(view, at);
      },
    },
  ],
  [
    2,
    {
      name: 'Q4_0',
      elements: 32,
      bytes: 18,
      dequantize: (view, at, out, to) => {
        const scale = half(view, at);
        nibbles(view, at + 2, scale, -8 * scale, out, to);
      },
    },
  ],
  [
    3,
    {
      name: 'Q4_1',
      elements: 32,
      bytes: 20,
      dequantize: (view, at, out, to) => nibbles(view, at + 4, half(view, at), half(view, at + 2), out, to),
    },
  ],
  [
    8,
    {
      name: 'Q8_0',
      elements: 32,
      bytes: 34,
      dequantize: (view, at, out, to) => {
        const scale = half(view, at);
        for (let i = 0; i < 32; i++) out[to + i] = scale * view.getInt8(at + 2 + i);
      },
    },
  ],
  [14, { name: 'Q6_K', elements: 256, bytes: 210, dequantize: dequantizeQ6K }],
]);

/** Turns stored blocks into fp32. */
export function dequantize(type: GgmlType, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = bytes.byteLength / type.bytes;
  const values = new Float32Array(blocks * type.elements);
  for (let i = 0; i < blocks; i++) type.dequantize(view, i * type.bytes, values, i * type.elements);
  return values;
}
