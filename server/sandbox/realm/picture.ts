/** A stretch of memory as it was; null stands for zeros, which half of the memory is. */
interface Stretch {
  start: number;
  end: number;
  bytes: Uint8Array | null;
}

const PAGE = 65536;
const { apply } = Reflect;
const setBytes = Uint8Array.prototype.set;
const fillBytes = Uint8Array.prototype.fill;
const subarray = Uint8Array.prototype.subarray;

/** Remembers the heap's contents; the function it returns puts them back, and zeros after them. */
export function takePicture(heap: Uint8Array): (heap: Uint8Array) => void {
  const stretches: Stretch[] = [];
  for (let start = 0; start < heap.length; start += PAGE) {
    const isZero = holdsOnlyZeros(new Int32Array(heap.buffer, start, PAGE / 4));
    const last = stretches.at(-1);
    if (last && (last.bytes === null) === isZero) last.end = start + PAGE;
    else stretches.push({ start, end: start + PAGE, bytes: isZero ? null : new Uint8Array() });
  }
  for (const stretch of stretches) if (stretch.bytes) stretch.bytes = heap.slice(stretch.start, stretch.end);
  const length = heap.length;
  return (now) => {
    for (const { start, end, bytes } of stretches) {
      if (bytes) apply(setBytes, now, [bytes, start]);
      else apply(fillBytes, apply(subarray, now, [start, end]), [0]);
    }
    if (now.length > length) apply(fillBytes, now, [0, length]);
  };
}

function holdsOnlyZeros(words: Int32Array): boolean {
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}
