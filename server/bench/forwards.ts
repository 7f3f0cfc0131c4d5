import type { Denoiser, ForwardResult, KvCache } from '../decode/denoiser.ts';
import { causalRows, promptRows, type Rows } from '../decode/rows.ts';
import type { LoadedModel, TextCodec } from '../engine/loaded-model.ts';
import documents from './documents.json' with { type: 'json' };
import { type BenchRow, row } from './row.ts';
import { median } from './statistics.ts';

export const CACHED_TOKENS = 384;
const ROWS = [1, 4, 6, 8, 16];
const WARM_UP = 5;
const RUNS = 40;
const PREFILL_RUNS = 5;
/** As the decoder prefills. */
const PREFILL_ROWS = 128;

/** Single forwards of a causal model: a prefill of 384 tokens, then the rows of decoding on top of them. */
export async function measureForwards({ denoiser, tokenizer }: LoadedModel): Promise<BenchRow[]> {
  const { prompt, next } = sampleTokens(tokenizer);
  const cache = denoiser.newCache();
  const prefills: number[] = [];
  for (let run = 0; run < PREFILL_RUNS; run++) {
    cache.truncate(0);
    prefills.push(await milliseconds(() => prefill(denoiser, cache, prompt)));
  }
  const best = Math.min(...prefills);
  const rows = [row(`prefill, ${CACHED_TOKENS} tokens`, { tokensPerSecond: (CACHED_TOKENS / best) * 1000 })];
  for (const count of ROWS) {
    const times: number[] = [];
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      times.push(await milliseconds(() => forward(denoiser, cache, windowRows(denoiser, next, count))));
    }
    const counted = times.slice(WARM_UP);
    rows.push(
      row(`forward, ${count} ${count === 1 ? 'row' : 'rows'}`, {
        msPerForward: Math.min(...counted),
        medianMsPerForward: median(counted),
      }),
    );
  }
  return rows;
}

/** The cached tokens and the one after them. */
export function sampleTokens(tokenizer: TextCodec): { prompt: number[]; next: number } {
  const ids = tokenizer.encode(documents.map(({ prefix }) => prefix).join('\n'));
  return { prompt: ids.slice(0, CACHED_TOKENS), next: ids[CACHED_TOKENS] };
}

/** Commits the rest of a prompt, as the decoder does. */
export async function prefill(denoiser: Denoiser, cache: KvCache, ids: number[]): Promise<void> {
  while (cache.length < ids.length) {
    const chunk = ids.slice(cache.length, cache.length + PREFILL_ROWS);
    const rows = promptRows(denoiser.spec, cache.length, chunk);
    const result = await denoiser.forward({ cache, ...rows, select: [], topK: 1 });
    result.commit(chunk.length);
  }
}

/** One clean row and noisy rows after it, as in verified decoding. */
export function windowRows({ spec }: Denoiser, token: number, count: number): Rows {
  const rest = spec.maskTokenId === undefined ? token : null;
  return causalRows(spec, CACHED_TOKENS, [token, ...Array<number | null>(count).fill(rest)]);
}

/** All rows are predicted; nothing is committed. */
export function forward(denoiser: Denoiser, cache: KvCache, rows: Rows): Promise<ForwardResult> {
  const { samplerHead } = denoiser;
  const select = [...rows.ids.keys()];
  const topK = samplerHead?.candidates ?? 1;
  return denoiser.forward({ cache, ...rows, select, topK, hidden: samplerHead !== undefined });
}

export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
