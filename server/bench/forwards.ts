import type { Denoiser } from '../decode/denoiser.ts';
import { causalRows, promptRows } from '../decode/rows.ts';
import type { LoadedModel } from '../engine/loaded-model.ts';
import documents from './documents.json' with { type: 'json' };
import { type BenchRow, row } from './row.ts';
import { median } from './statistics.ts';

const CACHED_TOKENS = 384;
const ROWS = [1, 4, 6, 8, 16];
const WARM_UP = 5;
const RUNS = 40;
const PREFILL_RUNS = 5;
/** As the decoder prefills. */
const PREFILL_ROWS = 128;

/** Single forwards of a causal model: a prefill of 384 tokens, then the rows of decoding on top of them. */
export async function measureForwards({ denoiser, tokenizer }: LoadedModel): Promise<BenchRow[]> {
  const text = documents.map(({ prefix }) => prefix).join('\n');
  const ids = tokenizer.encode(text).slice(0, CACHED_TOKENS + 1);
  const cache = denoiser.newCache();
  const prefills: number[] = [];
  for (let run = 0; run < PREFILL_RUNS; run++) {
    cache.truncate(0);
    prefills.push(await milliseconds(() => prefill(denoiser, cache, ids.slice(0, CACHED_TOKENS))));
  }
  const best = Math.min(...prefills);
  const rows = [row(`prefill, ${CACHED_TOKENS} tokens`, { tokensPerSecond: (CACHED_TOKENS / best) * 1000 })];
  for (const count of ROWS) {
    const times: number[] = [];
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      times.push(await milliseconds(() => forward(denoiser, cache, ids[CACHED_TOKENS], count)));
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

async function prefill(
  denoiser: Denoiser,
  cache: ReturnType<Denoiser['newCache']>,
  ids: number[],
): Promise<void> {
  while (cache.length < ids.length) {
    const chunk = ids.slice(cache.length, cache.length + PREFILL_ROWS);
    const rows = promptRows(denoiser.spec, cache.length, chunk);
    const result = await denoiser.forward({ cache, ...rows, select: [], topK: 1 });
    result.commit(chunk.length);
  }
}

/** One clean row and noisy rows after it, all predicted, as in verified decoding; nothing is committed. */
async function forward(
  denoiser: Denoiser,
  cache: ReturnType<Denoiser['newCache']>,
  token: number,
  count: number,
): Promise<void> {
  const { spec, samplerHead } = denoiser;
  const rest = spec.maskTokenId === undefined ? token : null;
  const rows = causalRows(spec, cache.length, [token, ...Array<number | null>(count).fill(rest)]);
  const select = [...rows.ids.keys()];
  const topK = samplerHead?.candidates ?? 1;
  await denoiser.forward({ cache, ...rows, select, topK, hidden: samplerHead !== undefined });
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
