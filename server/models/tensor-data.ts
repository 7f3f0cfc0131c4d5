/** Element types a safetensors file may hold here, with the bytes of one element. */
export const ELEMENT_BYTES = { F32: 4, F16: 2, BF16: 2, I8: 1, U8: 1, I32: 4, I64: 8 } as const;

export type TensorDtype = keyof typeof ELEMENT_BYTES;

/** Elements as fp32, row-major; integers are converted, not scaled. `bytes` must start on a multiple of 8. */
export function toFloat32(dtype: TensorDtype, bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset } = bytes;
  const count = bytes.byteLength / ELEMENT_BYTES[dtype];
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, count);
    case 'F16':
      return halfToFloat(new Uint16Array(buffer, byteOffset, count));
    case 'BF16':
      return brainToFloat(new Uint16Array(buffer, byteOffset, count));
    case 'I8':
      return Float32Array.from(new Int8Array(buffer, byteOffset, count));
    case 'U8':
      return Float32Array.from(bytes);
    case 'I32':
      return Float32Array.from(new Int32Array(buffer, byteOffset, count));
    case 'I64':
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
  }
}

/** Largest finite float16. */
export const LARGEST_HALF = 65504;

/** A float16 pattern as a number. */
export function halfBitsToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A number as float16 bits, rounded to nearest, ties to even. Its magnitude is at most LARGEST_HALF. */
export function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 1e-9)));
  const steps = magnitude / 2 ** (exponent - 10);
  const down = Math.floor(steps);
  const rest = steps - down;
  const rounded = rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
  // A fraction that rounds up to 2048 carries into the exponent; below 1024 the number is subnormal.
  return sign | (rounded < 1024 ? rounded : rounded + ((exponent + 14) << 10));
}

/** Numbers as float16 patterns. */
export function toHalf(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, halfBits);
}

let halfTable: Float32Array | undefined;

function halfToFloat(halves: Uint16Array): Float32Array {
  halfTable ??= Float32Array.from({ length: 65536 }, (_, bits) => halfBitsToNumber(bits));
  const table = halfTable;
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) floats[i] = table[halves[i]];
  return floats;
}

/** bfloat16 is the upper half of a float32. */
function brainToFloat(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}

/** Multiplies every row of `values` [rows, columns] by its scale, in place. */
export function scaleRows(values: Float32Array, scales: Float32Array): Float32Array {
  const columns = values.length / scales.length;
  for (let row = 0; row < scales.length; row++) {
    for (let i = row * columns; i < (row + 1) * columns; i++) values[i] *= scales[row];
  }
  return values;
}

/** Numbers of 4-bit blocks, stored plus 8, two a byte, the first in its low half; every block times its scale. */
export function unpackBlocks(bytes: Uint8Array, scales: Float32Array): Float32Array {
  const values = new Float32Array(2 * bytes.length);
  const blockBytes = bytes.length / scales.length;
  for (let i = 0; i < bytes.length; i++) {
    const scale = scales[Math.floor(i / blockBytes)];
    values[2 * i] = scale * ((bytes[i] & 15) - 8);
    values[2 * i + 1] = scale * ((bytes[i] >> 4) - 8);
  }
  return values;
}

export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
