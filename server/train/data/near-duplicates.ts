import { jaccard, mix } from './shingles.ts';

/** Texts of Jaccard similarity s share a band with probability 1 − (1 − s^ROWS)^BANDS: 0.9996 at 0.8, 0.05 at 0.3. */
const BANDS = 20;
const ROWS = 5;

/**
 * Finds texts that are nearly the same as an earlier one. MinHash signatures, cut into bands, propose which (Broder 1997;
 * Leskovec, Rajaraman and Ullman, section 3.4), and the exact similarity of the shingle sets decides. Only hashes are
 * kept, about a kilobyte a text, so a corpus may be larger than memory.
 */
export class NearDuplicates {
  readonly #least: number;
  readonly #read: (index: number) => Promise<ReadonlySet<number>>;
  /** Per band, the texts that have a hash of it. */
  readonly #bands: Map<number, number[]>[] = Array.from({ length: BANDS }, () => new Map());

  /** `least`: similarity from which on texts are the same, 0.5 … 1. `read` gives the shingles of an added text again. */
  constructor(least: number, read: (index: number) => Promise<ReadonlySet<number>>) {
    this.#least = least;
    this.#read = read;
  }

  /** The first earlier text that is nearly the same as this one; undefined where there is none, and `index` is added. */
  async findOrAdd(index: number, shingles: ReadonlySet<number>): Promise<number | undefined> {
    const keys = bandKeys(signature(shingles));
    const candidates = new Set(keys.flatMap((key, band) => this.#bands[band].get(key) ?? []));
    for (const candidate of [...candidates].sort((a, b) => a - b)) {
      if (jaccard(shingles, await this.#read(candidate)) >= this.#least) return candidate;
    }
    for (const [band, key] of keys.entries()) {
      const members = this.#bands[band].get(key);
      if (members) members.push(index);
      else this.#bands[band].set(key, [index]);
    }
    return undefined;
  }
}

/**
 * MinHash: for each of BANDS × ROWS random orders of all hashes, the first one that the set has. Two signatures agree
 * at a place with the probability of the sets' Jaccard similarity.
 */
export function signature(shingles: ReadonlySet<number>): Uint32Array {
  const least = new Uint32Array(BANDS * ROWS).fill(0xffffffff);
  for (const shingle of shingles) {
    for (let i = 0; i < least.length; i++) {
      const place = mix(shingle ^ SALTS[i]);
      if (place < least[i]) least[i] = place;
    }
  }
  return least;
}

/** Every one gives another order. */
const SALTS = Uint32Array.from({ length: BANDS * ROWS }, (_, i) => mix(i + 1));

function bandKeys(values: Uint32Array): number[] {
  return Array.from({ length: BANDS }, (_, band) =>
    values
      .subarray(band * ROWS, (band + 1) * ROWS)
      .reduce((key, value) => mix(Math.imul(key, 31) + value), band),
  );
}
