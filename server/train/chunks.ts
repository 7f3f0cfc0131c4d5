import { type Ort, type Tensor, tensors } from '../engine/ort.ts';

/** Numbers that go through a graph together: what its nodes make of them stays in the processor's caches. */
const CHUNK = 2 ** 18;

/** Arrays of equal length, cut into tensors [n] that lie in them, as the inputs of a graph over n numbers. */
export function* chunks<Name extends string>(
  ort: Ort,
  arrays: Readonly<Record<Name, Float32Array>>,
): Generator<Record<Name, Tensor>> {
  const named = Object.entries<Float32Array>(arrays);
  const [[, { length }]] = named;
  for (let start = 0; start < length; start += CHUNK) {
    const parts = named.map(([name, array]) => {
      const part = array.subarray(start, start + CHUNK);
      return [name, tensors(ort).f32(part, [part.length])];
    });
    yield Object.fromEntries(parts);
  }
}
