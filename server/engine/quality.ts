import os from 'node:os';
import { HEAD, wholeLogits } from '../../kernels/head.ts';
import { promptRows } from '../decode/rows.ts';
import type { ModelFolder, Quality } from '../models/model-folder.ts';
import { loadTokenizer } from '../models/tokenizer.ts';
import { loadOrt } from './ort.ts';
import { OrtCache, OrtCacheMemory } from './ort-cache.ts';
import { OrtForward } from './ort-forward.ts';

/** A text is compared in pieces of so many rows, so many at most. */
const ROWS = 128;
const PIECES = 4;

const BYTES_OF_FP32 = 4;

/**
 * How far `model` is from a reference that has the same tokens, on the clean rows of `text`. Undefined, without opening
 * the reference, where there is no tokenizer, and where the model in single precision, as the reference will be, takes
 * more than half of this machine's memory.
 */
export async function compareModels(
  model: ModelFolder,
  openReference: () => Promise<ModelFolder>,
  text: string,
  threads: number,
): Promise<Quality | undefined> {
  if (model.tokenizerPath === undefined) return undefined;
  if (model.parameters * BYTES_OF_FP32 > os.totalmem() / 2) return undefined;
  const ids = (await loadTokenizer(model)).encode(text).slice(0, ROWS * PIECES);
  const expected = await pieceLogits(await openReference(), ids, threads);
  const actual = await pieceLogits(model, ids, threads);
  return divergence(expected, actual, model.spec.vocabSize);
}

/** Logits of all clean rows, a piece of the text in every forward. */
async function pieceLogits(folder: ModelFolder, ids: number[], threads: number): Promise<Float32Array[]> {
  const ort = await loadOrt();
  const forward = await OrtForward.open(ort, folder, wholeLogits, threads);
  try {
    const pieces: Float32Array[] = [];
    for (let start = 0; start < ids.length; start += ROWS) {
      const rows = promptRows(folder.spec, 0, ids.slice(start, start + ROWS));
      const cache = new OrtCache(new OrtCacheMemory(ort, folder.spec));
      const out = await forward.run([{ ...rows, cache, select: rows.ids.map((_, row) => row) }], {});
      pieces.push(out[HEAD.logits].data as Float32Array);
    }
    return pieces;
  } finally {
    await forward.release();
  }
}

/** Means over rows of [rows, vocabulary] logits; KL(expected ‖ actual) in nats. */
export function divergence(
  expected: readonly Float32Array[],
  actual: readonly Float32Array[],
  vocabulary: number,
): Quality {
  let rows = 0;
  let agreeing = 0;
  let total = 0;
  for (const [i, piece] of expected.entries()) {
    for (let first = 0; first < piece.length; first += vocabulary) {
      const p = distribution(piece.subarray(first, first + vocabulary));
      const q = distribution(actual[i].subarray(first, first + vocabulary));
      for (let id = 0; id < vocabulary; id++) total += Math.exp(p.logs[id]) * (p.logs[id] - q.logs[id]);
      if (p.best === q.best) agreeing++;
      rows++;
    }
  }
  return { rows, top1Agreement: agreeing / rows, divergence: total / rows };
}

function distribution(logits: Float32Array): { logs: Float64Array; best: number } {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - logits[best]);
  const logSum = Math.log(sum) + logits[best];
  return { logs: Float64Array.from(logits, (logit) => logit - logSum), best };
}
