import { causalRows, promptRows } from '../decode/rows.ts';
import { resolveSettings } from '../decode/settings.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { openModel } from '../models/registry.ts';
import { loadTokenizer } from '../models/tokenizer.ts';
import { fastest, type Measurements, type Times } from './measurements.ts';
import { loadOrt, type Ort } from './ort.ts';
import { OrtDenoiser, type OrtDenoiserOptions } from './ort-denoiser.ts';
import { OrtSamplerHead } from './ort-sampler-head.ts';
import type { Running } from './running.ts';
import { threadCandidates } from './threads.ts';
import { timeActivations } from './tune-activations.ts';
import { timeWindowChances, timeWindows } from './tune-windows.ts';

/** Measures all there is to choose for a model, each with what was found to be the best before it. */
export async function measureModel(modelDir: string, on: Running): Promise<Measurements> {
  const [ort, folder] = [await loadOrt(), await openModel(modelDir)];
  const activations = await timeActivations(ort);
  const options = { ...on, activations: fastest(activations) };
  const threads = await timeThreads(ort, folder, options);
  const quick = threads.some(([, milliseconds]) => milliseconds < LONGEST);
  const verified = quick ? await timeVerified(ort, folder, fastest(threads)!, options) : { windows: [] };
  return { threads, activations, ...verified };
}

/** Where a forward takes longer, the several hundred that windows are measured with would take a minute. Milliseconds. */
const LONGEST = 50;

const CACHED = 256;
const RUNS = 8;

/** Times a model's usual forward, a window's rows after 256 cached ones, with several numbers of threads. */
async function timeThreads(
  ort: Ort,
  folder: ModelFolder,
  options: OrtDenoiserOptions,
): Promise<Times<number>> {
  const times: Times<number> = [];
  for (const threads of threadCandidates()) {
    const denoiser = await OrtDenoiser.open(ort, folder, threads, options);
    times.push([threads, await timeForward(denoiser)]);
    await denoiser.release();
  }
  return times;
}

/** The best of several runs. */
async function timeForward(denoiser: OrtDenoiser): Promise<number> {
  const { spec } = denoiser;
  const cache = denoiser.newCache();
  const ids = Array.from({ length: CACHED }, (_, i) => i % spec.vocabSize);
  const prompt = await denoiser.forward({ cache, ...promptRows(spec, 0, ids), select: [], topK: 1 });
  prompt.commit(CACHED);
  const window = Array.from({ length: resolveSettings(spec, {}).window }, () => 0);
  const rows = causalRows(spec, CACHED, [0, ...window]);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    await denoiser.forward({ cache, ...rows, select: [...rows.ids.keys()], topK: 1 });
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

async function timeVerified(
  ort: Ort,
  folder: ModelFolder,
  threads: number,
  options: OrtDenoiserOptions,
): Promise<Pick<Measurements, 'windows' | 'windowChances'>> {
  if (folder.tokenizerPath === undefined) return { windows: [] };
  const samplerHead = await OrtSamplerHead.open(ort, folder, options.activations);
  const denoiser = await OrtDenoiser.open(ort, folder, threads, { ...options, samplerHead });
  const codec = await loadTokenizer(folder);
  const windows = await timeWindows(denoiser, codec);
  const windowChances = await timeWindowChances(denoiser, codec, fastest(windows));
  await samplerHead?.release();
  await denoiser.release();
  return { windows, windowChances };
}
