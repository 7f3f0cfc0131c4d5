import { lexemes } from './lexemes.ts';

/** Consecutive lexemes that make a shingle. */
const LENGTH = 5;

/** 32-bit hashes of all runs of five lexemes of a text; a shorter text is one run. */
export function shingles(text: string): Set<number> {
  const hashes = lexemes(text).map(fnv1a);
  const set = new Set<number>();
  for (let start = 0; start <= Math.max(0, hashes.length - LENGTH); start++) {
    let mixed = 0;
    for (let i = start; i < Math.min(start + LENGTH, hashes.length); i++) {
      mixed = mix(Math.imul(mixed, 31) + hashes[i]);
    }
    set.add(mixed);
  }
  return set;
}

/** |A ∩ B| / |A ∪ B|. */
export function jaccard(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  let common = 0;
  for (const one of a) if (b.has(one)) common++;
  return common / (a.size + b.size - common);
}

/** A one-to-one mapping of 32-bit words in which every bit of the result depends on every bit of the word. */
export function mix(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
