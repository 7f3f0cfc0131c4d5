import { Random } from '../decode/random.ts';

/**
 * Which of `size` things is at place `cursor` of an endless sequence of their shuffles: nothing but the seed and the
 * cursor has to be kept to go on.
 */
export function shuffledAt(seed: number, size: number, cursor: number): number {
  return shuffle(seed, size, Math.floor(cursor / size))[cursor % size];
}

/** 0 … size − 1 in the order of one pass (Fisher and Yates). */
function shuffle(seed: number, size: number, pass: number): number[] {
  const random = new Random(pass * 2 ** 32 + (seed >>> 0));
  const order = Array.from({ length: size }, (_, i) => i);
  for (let last = size - 1; last > 0; last--) {
    const other = Math.floor(random.uniform() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
