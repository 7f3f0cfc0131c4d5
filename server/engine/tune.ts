import { causalRows, promptRows } from '../decode/rows.ts';
import { resolveSettings } from '../decode/settings.ts';
import { openModel } from '../models/registry.ts';
import type { RunningDevice } from '../protocol.ts';
import { loadOrt } from './ort.ts';
import { OrtDenoiser } from './ort-denoiser.ts';
import { threadCandidates } from './threads.ts';

/** Milliseconds of a forward by the number of threads. */
export type ThreadTimes = [threads: number, milliseconds: number][];

const CACHED = 256;
const RUNS = 8;

/** Measures a model's usual forward, a window's rows after 256 cached ones, with several numbers of threads. */
export async function timeThreads(modelDir: string, device: RunningDevice): Promise<ThreadTimes> {
  const [ort, folder] = [await loadOrt(), await openModel(modelDir)];
  const times: ThreadTimes = [];
  for (const threads of threadCandidates()) {
    const denoiser = await OrtDenoiser.open(ort, folder, threads, undefined, device);
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
