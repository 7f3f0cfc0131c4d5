import { HEAD, wholeLogits } from '../../kernels/head.ts';
import { UserError } from '../errors.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { loadOrt } from './ort.ts';
import { OrtCache, OrtCacheMemory } from './ort-cache.ts';
import { OrtForward } from './ort-forward.ts';

/** Rows with the logits that an independent implementation gave them. */
export interface Golden {
  /** [rows] */
  ids: number[];
  positions: number[];
  /** 1 where a row sees a column, [rows, rows]. */
  mask: ArrayLike<number>;
  /** [rows, vocabulary] */
  logits: Float32Array;
}

export interface Agreement {
  /** Largest absolute difference between two logits. */
  maxAbsLogit: number;
  /** Share of rows whose best token is the same, 0 … 1. */
  top1Agreement: number;
}

/** Runs all rows of a golden file in one forward and compares the logits. */
export async function verifyForward(
  folder: ModelFolder,
  golden: Golden,
  threads: number,
): Promise<Agreement> {
  const rows = golden.ids.length;
  const vocabulary = folder.spec.vocabSize;
  if (golden.logits.length !== rows * vocabulary) {
    const has = golden.logits.length / rows;
    throw new UserError(
      `the golden file has ${has} logits a row, but ${folder.name} has ${vocabulary} tokens.`,
    );
  }
  const ort = await loadOrt();
  const forward = await OrtForward.open(ort, folder, wholeLogits, threads);
  try {
    const out = await forward.run(
      [
        {
          cache: new OrtCache(new OrtCacheMemory(ort, folder.spec)),
          ids: golden.ids,
          positions: golden.positions,
          visible: (row, column) => golden.mask[row * rows + column] !== 0,
          select: golden.ids.map((_, row) => row),
        },
      ],
      {},
    );
    return compare(out[HEAD.logits].data as Float32Array, golden.logits, rows, vocabulary);
  } finally {
    await forward.release();
  }
}

function compare(actual: Float32Array, expected: Float32Array, rows: number, vocabulary: number): Agreement {
  let maxAbsLogit = 0;
  let agreeing = 0;
  for (let row = 0; row < rows; row++) {
    let best = row * vocabulary;
    let expectedBest = best;
    for (let i = row * vocabulary; i < (row + 1) * vocabulary; i++) {
      // Written so that a NaN counts as the largest difference.
      const difference = Math.abs(actual[i] - expected[i]);
      if (!(difference <= maxAbsLogit)) maxAbsLogit = Number.isNaN(difference) ? Infinity : difference;
      if (actual[i] > actual[best]) best = i;
      if (expected[i] > expected[expectedBest]) expectedBest = i;
    }
    if (best === expectedBest) agreeing++;
  }
  return { maxAbsLogit, top1Agreement: agreeing / rows };
}
