import type { ModelFolder } from '../models/model-folder.ts';
import { expectedWeights } from '../models/weight-names.ts';
import { type TrainingBatch, TrainingSession } from './session.ts';

/** A batch with the loss and the gradients that an independent implementation gave it. */
export interface GoldenGradients {
  batch: TrainingBatch;
  loss: number;
  /** By stored tensor. */
  gradients: ReadonlyMap<string, Float32Array>;
}

export interface GradientAgreement {
  /** Over parameters, the largest of max |difference| / max |gradient|. */
  maxRelGrad: number;
  /** The parameter where that is. */
  worstParameter: string;
  /** |difference of the loss| / |loss|. */
  relLoss: number;
}

/** Computes the gradients of all weights of a model and compares those that the golden file has. */
export async function verifyGradients(
  folder: ModelFolder,
  golden: GoldenGradients,
  threads: number,
): Promise<GradientAgreement> {
  const names = [...expectedWeights(folder.spec).keys()];
  const session = await TrainingSession.open(folder, { tensors: new Set(names) }, threads);
  try {
    const values = new Map<string, Float32Array>();
    for (const name of names) values.set(name, await folder.readTensor(name));
    const { loss, gradients } = await session.run(golden.batch, values);
    let maxRelGrad = 0;
    let worstParameter = names[0];
    for (const [name, expected] of golden.gradients) {
      const difference = relativeDifference(gradients.get(name)!, expected);
      if (difference > maxRelGrad) [maxRelGrad, worstParameter] = [difference, name];
    }
    return { maxRelGrad, worstParameter, relLoss: Math.abs(loss - golden.loss) / Math.abs(golden.loss) };
  } finally {
    await session.release();
  }
}

/** max |difference| / max |expected|; infinite where a number is missing or not a number. */
function relativeDifference(actual: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const here = Math.abs(actual[i] - expected[i]);
    if (Number.isNaN(here)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, here);
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return largest === 0 ? difference : difference / largest;
}
