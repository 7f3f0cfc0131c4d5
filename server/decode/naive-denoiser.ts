import { type NaiveRows, naiveForward, type WeightReader } from '../../kernels/naive-forward.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import type {
  BatchDenoiser,
  Denoiser,
  ForwardRequest,
  ForwardResult,
  KvCache,
  SamplerHead,
} from './denoiser.ts';

/** A committed row. Keys and values follow from what it is and what it saw, so nothing else is kept. */
interface CommittedRow {
  id: number;
  position: number;
  /** Columns of the cache that it attends to. */
  sees: ReadonlySet<number>;
}

/** Remembers rows instead of keys and values, and refuses what would leave stale ones in a real cache. */
class NaiveCache implements KvCache {
  readonly rows: CommittedRow[] = [];

  get length(): number {
    return this.rows.length;
  }

  get tokens(): readonly number[] {
    return this.rows.map((row) => row.id);
  }

  truncate(length: number): void {
    const kept = this.rows.slice(0, length);
    if (kept.some((row) => Math.max(...row.sees) >= length)) {
      throw new Error(`Truncating to ${length} columns keeps a row that has seen a later one.`);
    }
    this.rows.length = length;
  }

  copy(other: KvCache): void {
    this.rows.splice(0, this.rows.length, ...(other as NaiveCache).rows);
  }
}

/**
 * A denoiser over the naive forward: every forward recomputes the past, in double precision, so that a row's result
 * depends on nothing but the rows it sees. Logits are rounded to fp32. Equal logits are ordered by token id.
 */
export function naiveDenoiser(spec: DenoiserSpec, weight: WeightReader, samplerHead?: SamplerHead): Denoiser {
  const suppressed = new Set(spec.suppressedTokenIds);
  const allowed = Array.from({ length: spec.vocabSize }, (_, id) => id).filter((id) => !suppressed.has(id));
  return {
    spec,
    samplerHead,
    newCache: () => new NaiveCache(),
    async forward(request) {
      const cache = request.cache as NaiveCache;
      const past = cache.length;
      const { logits, hidden } = naiveForward(spec, weight, withPast(cache.rows, request));
      const rowsOf = (values: Float64Array, width: number) =>
        request.select.map((row) =>
          Float32Array.from(values.subarray((past + row) * width).subarray(0, width)),
        );
      const ranked = rowsOf(logits, spec.vocabSize).map((row) => rank(row, allowed, request.topK));
      const result: ForwardResult = {
        topIds: Int32Array.from(ranked.flatMap((row) => row.ids)),
        topLogits: Float32Array.from(ranked.flatMap((row) => row.logits)),
        logSumExp: Float32Array.from(ranked, (row) => row.logSumExp),
        commit: (count) => commit(cache, past, request, count),
      };
      if (request.entropy) result.entropy = Float32Array.from(ranked, (row) => row.entropy);
      if (request.hidden) {
        result.hidden = Float32Array.from(rowsOf(hidden, spec.hiddenSize).flatMap((row) => [...row]));
      }
      return result;
    },
  };
}

/** Runs the requests of a batch one after the other: the oracle of every batch. */
export function oneByOne(denoiser: Denoiser): BatchDenoiser {
  return {
    spec: denoiser.spec,
    samplerHead: denoiser.samplerHead,
    newCaches: (count) => Array.from({ length: count }, () => denoiser.newCache()),
    async forward(requests) {
      const results: ForwardResult[] = [];
      for (const request of requests) results.push(await denoiser.forward(request));
      return results;
    },
  };
}

function withPast(past: readonly CommittedRow[], request: ForwardRequest): NaiveRows {
  return {
    ids: [...past.map((row) => row.id), ...request.ids],
    positions: [...past.map((row) => row.position), ...request.positions],
    visible: (row, column) =>
      row < past.length ? past[row].sees.has(column) : request.visible(row - past.length, column),
  };
}

function rank(logits: Float32Array, allowed: readonly number[], topK: number) {
  if (topK > allowed.length) throw new Error(`topK ${topK} of ${allowed.length} tokens`);
  const ids = [...allowed].sort((a, b) => logits[b] - logits[a] || a - b);
  const best = logits[ids[0]];
  const total = allowed.reduce((sum, id) => sum + Math.exp(logits[id] - best), 0);
  const logSumExp = best + Math.log(total);
  const probability = (id: number) => Math.exp(logits[id] - logSumExp);
  const entropy = allowed.reduce((sum, id) => sum + probability(id) * (logSumExp - logits[id]), 0);
  const top = ids.slice(0, topK);
  return { ids: top, logits: top.map((id) => logits[id]), logSumExp, entropy };
}

function commit(cache: NaiveCache, past: number, request: ForwardRequest, count: number): void {
  if (cache.length !== past) throw new Error('The cache has changed since this forward.');
  for (let row = 0; row < count; row++) {
    const sees = new Set<number>();
    for (let column = 0; column < past + request.ids.length; column++) {
      if (request.visible(row, column)) sees.add(column);
    }
    if (Math.max(...sees) >= past + count)
      throw new Error(`Row ${row} has seen a row that is not committed.`);
    cache.rows.push({ id: request.ids[row], position: request.positions[row], sees });
  }
}
