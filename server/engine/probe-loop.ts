import { LOOP } from '../../kernels/denoising-loop.ts';
import { FORWARD } from '../../kernels/forward.ts';
import { bestTokens, HEAD } from '../../kernels/head.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { type Ort, type Tensor, tensors } from './ort.ts';
import { OrtCache, OrtCacheMemory } from './ort-cache.ts';
import { loopFeeds } from './ort-denoiser.ts';
import { OrtForward } from './ort-forward.ts';
import { plainly, type Running } from './running.ts';

/** Of the past, and of the block of masks behind it. */
const ROWS = [0, 1, 2, 3];
/** One mask is revealed in each step, and one more step has none. */
const AHEAD = { predicted: ROWS, threshold: 1, clean: true };
const STEPS = ROWS.length + 1;

/**
 * Largest difference of a logit between the steps of one call of a device's denoising loop and the processor's plain
 * graph, fed what the loop fed in each. Rejects where that is not what the step before has made most probable.
 */
export async function loopDifference(ort: Ort, folder: ModelFolder, on: Running): Promise<number> {
  const { suppressedTokenIds, maskTokenId: mask = 0, vocabSize } = folder.spec;
  const head = bestTokens(suppressedTokenIds);
  const loop = await OrtForward.open(ort, folder, head, 1, on);
  const plain = await OrtForward.open(ort, folder, head, 1, plainly('cpu'));
  const cache = new OrtCache(new OrtCacheMemory(ort, folder.spec));
  const { i64 } = tensors(ort);
  const feed = (forward: OrtForward, ids: readonly number[], extra: Record<string, Tensor> = {}) => {
    const rows = { cache, ids, positions: ROWS.map((row) => cache.length + row), visible: () => true };
    const counts = {
      [HEAD.count]: i64([vocabSize - suppressedTokenIds.length]),
      [HEAD.entropyCount]: i64([0]),
      [HEAD.scored]: i64([]),
    };
    return forward.run([{ ...rows, select: ROWS }], { ...counts, ...extra });
  };
  const past = await feed(plain, ROWS);
  cache.append(past[FORWARD.keysValues].data as Float32Array, ROWS.length, 0, ROWS, ROWS.length);

  let ids = ROWS.map(() => mask);
  const out = await feed(loop, ids, loopFeeds(ort, AHEAD, STEPS));
  const fed = Array.from(out[LOOP.fedIds].data as BigInt64Array, Number);
  let difference = 0;
  for (let step = 0; step < STEPS; step++) {
    const start = step * ROWS.length;
    if (fed.length !== STEPS * ROWS.length || ids.some((id, row) => fed[start + row] !== id))
      throw new Error('it reveals other tokens than the most probable');
    const expected = await feed(plain, ids);
    const part = (name: string) => {
      const all = out[name].data as Float32Array;
      return all.subarray((step * all.length) / STEPS, ((step + 1) * all.length) / STEPS);
    };
    for (const name of [HEAD.topLogits, HEAD.logSumExp]) {
      const right = expected[name].data as Float32Array;
      difference = part(name).reduce((most, x, i) => Math.max(most, Math.abs(x - right[i])), difference);
    }
    ids = reveal(ids, mask, [HEAD.topIds, HEAD.topLogits, HEAD.logSumExp].map(part));
  }
  await Promise.all([loop.release(), plain.release()]);
  return difference;
}

/** The best token in place of the mask whose best token is the most probable. */
function reveal(
  ids: readonly number[],
  mask: number,
  [topIds, topLogits, logSumExp]: readonly ArrayLike<number>[],
): number[] {
  const width = topIds.length / ids.length;
  const confidence = (row: number) => topLogits[row * width] - logSumExp[row];
  const masked = ROWS.filter((row) => ids[row] === mask);
  const surest = masked.reduce((a, b) => (confidence(b) > confidence(a) ? b : a), masked[0]);
  return ids.map((id, row) => (row === surest ? topIds[row * width] : id));
}
