/**
 * Seeded random numbers: Philox2x32-10, a counter-based generator of integer arithmetic only, so that a seed gives
 * the same text on every platform.
 */
export class Random {
  private readonly key: number;
  private readonly stream: number;
  private drawn = 0;

  /** `seed` is any integer up to 2^53 in size. */
  constructor(seed: number) {
    this.key = seed | 0;
    this.stream = Math.floor(seed / 2 ** 32) | 0;
  }

  /** Uniform in the open interval (0, 1), 52 bits. */
  uniform(): number {
    const [high, low] = philox2x32(this.drawn++, this.stream, this.key);
    return ((high >>> 6) * 2 ** 26 + (low >>> 6) + 0.5) / 2 ** 52;
  }

  /** Gumbel noise: the maximum of log-probabilities plus such noise is a sample. */
  gumbel(): number {
    return -Math.log(-Math.log(this.uniform()));
  }
}

/** Ten rounds of Philox over a 64-bit counter (two words) and a 32-bit key; returns two 32-bit words. */
export function philox2x32(counter0: number, counter1: number, key: number): [number, number] {
  let left = counter0 | 0;
  let right = counter1 | 0;
  let roundKey = key | 0;
  for (let round = 0; round < 10; round++) {
    const [high, low] = multiply32(left, 0xd256d193);
    left = high ^ roundKey ^ right;
    right = low;
    roundKey = (roundKey + 0x9e3779b9) | 0;
  }
  return [left >>> 0, right >>> 0];
}

/** The two words of the 64-bit product of two unsigned 32-bit numbers. */
function multiply32(a: number, b: number): [number, number] {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle % 2 ** 16) + aLow * bHigh;
  const high = aHigh * bHigh + Math.floor(middle / 2 ** 16) + Math.floor(carry / 2 ** 16);
  return [high | 0, Math.imul(a, b)];
}

/** The seed of one of many samples: random numbers of its own, that depend on nothing but `seed` and its number. */
export function seedOf(seed: number, index: number): number {
  return (index % 2 ** 21) * 2 ** 32 + (seed >>> 0);
}
