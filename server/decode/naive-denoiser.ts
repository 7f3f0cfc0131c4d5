import { naiveForward, type WeightReader } from '../../kernels/naive-forward.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import type {
  BatchDenoiser,
  Denoiser,
  ForwardRequest,
  ForwardResult,
  KvCache,
  SamplerHead,
} from './denoiser.ts';

/** A row that was fed. Its keys and values follow from what it is and what it saw, so nothing else is kept. */
interface Row {
  id: number;
  position: number;
  sees: ReadonlySet<Row>;
}

/** Remembers rows instead of keys and values, and refuses what would leave stale ones in an exact cache. */
class NaiveCache implements KvCache {
  readonly rows: Row[] = [];
  readonly #exact: boolean;

  constructor(exact: boolean) {
    this.#exact = exact;
  }

  get length(): number {
    return this.rows.length;
  }

  get tokens(): readonly number[] {
    return this.rows.map((row) => row.id);
  }

  truncate(length: number): void {
    this.#set(this.rows.slice(0, length));
  }

  append(rows: readonly Row[]): void {
    this.#set([...this.rows, ...rows]);
  }

  copy(other: KvCache): void {
    this.#set((other as NaiveCache).rows);
  }

  #set(rows: readonly Row[]): void {
    const kept = new Set(rows);
    if (this.#exact && rows.some(({ sees }) => [...sees].some((row) => !kept.has(row))))
      throw new Error('The cache would hold a row that has seen one that is not in it.');
    this.rows.splice(0, this.rows.length, ...rows);
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
    newCache: () => new NaiveCache(spec.cleanAttention !== 'full'),
    async forward(request) {
      const cache = request.cache as NaiveCache;
      const past = [...cache.rows];
      const fed = fedRows(past, request);
      const rows = withSeen([...past, ...fed]);
      const { logits, hidden } = naiveForward(spec, weight, {
        ids: rows.map((row) => row.id),
        positions: rows.map((row) => row.position),
        visible: (row, column) => rows[row].sees.has(rows[column]),
      });
      const rowsOf = (values: Float64Array, width: number) =>
        request.select.map((row) =>
          Float32Array.from(values.subarray((past.length + row) * width).subarray(0, width)),
        );
      const ranked = rowsOf(logits, spec.vocabSize).map((row) => rank(row, allowed, request.topK));
      const result: ForwardResult = {
        topIds: Int32Array.from(ranked.flatMap((row) => row.ids)),
        topLogits: Float32Array.from(ranked.flatMap((row) => row.logits)),
        logSumExp: Float32Array.from(ranked, (row) => row.logSumExp),
        commit(count) {
          if (cache.length !== past.length) throw new Error('The cache has changed since this forward.');
          cache.append(fed.slice(0, count));
        },
      };
      if (request.entropy) result.entropy = Float32Array.from(ranked, (row) => row.entropy);
      if (request.scored) {
        const all = rowsOf(logits, spec.vocabSize);
        result.scoredLogits = Float32Array.from(request.scored, (id, i) => all[i][id]);
      }
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

function fedRows(past: readonly Row[], { ids, positions, visible }: ForwardRequest): Row[] {
  const fed = ids.map((id, i) => ({ id, position: positions[i], sees: new Set<Row>() }));
  for (const [row, { sees }] of fed.entries()) {
    for (const [column, other] of [...past, ...fed].entries()) if (visible(row, column)) sees.add(other);
  }
  return fed;
}

/** The rows and behind them all others that they depend on, which an approximate cache need not hold. */
function withSeen(rows: readonly Row[]): Row[] {
  const all = new Set(rows);
  // A set also goes through what is added meanwhile.
  for (const { sees } of all) for (const row of sees) all.add(row);
  return [...all];
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
