// Measures forwards of the embedded model beside plain graphs of the same weights, in turns:
//   node --import tsx bench/forward/run.ts [--json]
// `ratio` is how many times as long the plain graph takes; `sameBest` the share of rows whose best token is also ours.
import { hasEngineEnvironment, runInEngineEnvironment } from '../../server/bench/engine-environment.ts';
import {
  CACHED_TOKENS,
  forward,
  milliseconds,
  prefill,
  sampleTokens,
  windowRows,
} from '../../server/bench/forwards.ts';
import { median } from '../../server/bench/statistics.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtDenoiser } from '../../server/engine/ort-denoiser.ts';
import { OrtSamplerHead } from '../../server/engine/ort-sampler-head.ts';
import { defaultThreads } from '../../server/engine/threads.ts';
import { defaultModelDir } from '../../server/models/installed.ts';
import { openModel } from '../../server/models/registry.ts';
import { loadTokenizer } from '../../server/models/tokenizer.ts';
import { PLAIN } from './plain.ts';
import { PlainForward } from './plain-forward.ts';
import { perRow, perTensor, type Rounding } from './rounding.ts';

const ROWS = [1, 6, 8];
/** Turns, and forwards in a row within one: weights then come from where decoding finds them. */
const [WARM_UP, TURNS, FORWARDS] = [2, 8, 6];

const ROUNDINGS: Record<string, Rounding> = { 'plain, per row': perRow, 'plain, per tensor': perTensor };

interface Times {
  name: string;
  msPerForward: number;
  medianMsPerForward: number;
  /** Not for ours. */
  ratio?: number;
  sameBest?: number;
}

interface Report {
  threads: number;
  cachedTokens: number;
  forwards: { rows: number; graphs: Times[] }[];
}

async function measure(threads: number): Promise<Report> {
  const folder = await openModel(defaultModelDir());
  const ort = await loadOrt();
  const samplerHead = await OrtSamplerHead.open(ort, folder);
  const denoiser = await OrtDenoiser.open(ort, folder, threads, { samplerHead });
  const { prompt, next } = sampleTokens(await loadTokenizer(folder));
  const cache = denoiser.newCache();
  await prefill(denoiser, cache, prompt);
  const topK = denoiser.samplerHead?.candidates ?? 1;
  const plain = await Promise.all(
    Object.values(ROUNDINGS).map((round) => PlainForward.open(ort, folder, threads, round, cache)),
  );
  const forwards = [];
  for (const count of ROWS) {
    const rows = windowRows(denoiser, next, count);
    const best = (ids: ArrayLike<number | bigint>) =>
      Array.from({ length: count }, (_, row) => Number(ids[row * topK]));
    const ours = () => forward(denoiser, cache, rows);
    const expected = best((await ours()).topIds);
    const [own, ...others] = await inTurns([ours, ...plain.map((graph) => () => graph.run(rows, topK))]);
    const graphs: Times[] = [{ name: 'unmask', ...own }];
    for (const [i, name] of Object.keys(ROUNDINGS).entries()) {
      const out = await plain[i].run(rows, topK);
      const found = best(out[PLAIN.topIds].data as BigInt64Array);
      const same = found.filter((id, row) => id === expected[row]).length;
      if (2 * same < count) throw new Error(`${name}: ${found} are not the best tokens ${expected}`);
      const ratio = others[i].msPerForward / own.msPerForward;
      graphs.push({ name, ...others[i], ratio, sameBest: same / count });
    }
    forwards.push({ rows: count, graphs });
  }
  return { threads, cachedTokens: CACHED_TOKENS, forwards };
}

/** The best and the median of every way, a few forwards of each in turn: what else the machine does meets all. */
async function inTurns(
  ways: readonly (() => Promise<unknown>)[],
): Promise<Pick<Times, 'msPerForward' | 'medianMsPerForward'>[]> {
  const times = ways.map((): number[] => []);
  for (let turn = -WARM_UP; turn < TURNS; turn++) {
    for (const [i, run] of ways.entries()) {
      for (let n = 0; n < FORWARDS; n++) {
        const ms = await milliseconds(run);
        if (turn >= 0) times[i].push(ms);
      }
    }
  }
  return times.map((all) => ({ msPerForward: Math.min(...all), medianMsPerForward: median(all) }));
}

function render({ threads, cachedTokens, forwards }: Report): string {
  const lines = forwards.flatMap(({ rows, graphs }) =>
    graphs.map(
      ({ name, msPerForward, ratio, sameBest }) =>
        `  ${rows} ${rows === 1 ? 'row ' : 'rows'}  ${name.padEnd(18)}${msPerForward.toFixed(1).padStart(6)} ms` +
        (ratio === undefined ? '' : `  ${ratio.toFixed(2)} ×`) +
        (sameBest === undefined ? '' : `  same best tokens: ${Math.round(100 * sameBest)} %`),
    ),
  );
  return [`a forward behind ${cachedTokens} tokens, ${threads} threads`, ...lines].join('\n');
}

if (hasEngineEnvironment(process.env)) {
  const report = await measure(defaultThreads());
  console.log(process.argv.includes('--json') ? JSON.stringify(report) : render(report));
} else {
  await runInEngineEnvironment(new AbortController().signal);
}
