import { adapterNames } from '../../kernels/training/parameters.ts';
import { Random } from '../decode/random.ts';
import { UserError } from '../errors.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { expectedWeights } from '../models/weight-names.ts';
import type { ParameterValues, TrainingBatch } from './feeds.ts';
import { multiply, transpose } from './matrix.ts';
import { TrainingSession } from './session.ts';

/** A batch with the loss and the gradients that an independent implementation gave it. */
export interface GoldenGradients {
  batch: TrainingBatch;
  loss: number;
  /** By stored tensor. */
  gradients: ReadonlyMap<string, Float32Array>;
}

export interface GradientAgreement {
  /** Over parameters, of the model and of its adapters, the largest of max |difference| / max |gradient|. */
  maxRelGrad: number;
  /** The parameter where that is. */
  worstParameter: string;
  /** |difference of the loss| / |loss|. */
  relLoss: number;
}

/** The adapters through which gradients are checked. */
const ADAPTERS = { rank: 4, alpha: 8 };

/**
 * Computes the gradients of all weights of a model and compares those that the golden file has; then those of
 * adapters of all its projections, which follow from the gradient dW of the projection: dA = s·Bᵀ·dW, dB = s·dW·Aᵀ.
 */
export async function verifyGradients(
  folder: ModelFolder,
  golden: GoldenGradients,
  threads: number,
): Promise<GradientAgreement> {
  checkTokens(folder, golden.batch);
  const dense = await denseGradients(folder, golden, threads);
  const differences = new Map<string, number>();
  for (const [name, expected] of golden.gradients) {
    differences.set(name, relativeDifference(dense.gradients.get(name), expected));
  }
  for (const [name, difference] of await adapterDifferences(folder, golden, threads)) {
    differences.set(name, difference);
  }
  let worst: [string, number] = ['', 0];
  for (const entry of differences) if (worst[0] === '' || entry[1] > worst[1]) worst = entry;
  return {
    maxRelGrad: worst[1],
    worstParameter: worst[0],
    relLoss: Math.abs(dense.loss - golden.loss) / Math.abs(golden.loss),
  };
}

/** Throws UserError for tokens that the model does not have. */
function checkTokens({ name, spec }: ModelFolder, { ids, target }: TrainingBatch): void {
  const unknown = [...ids, ...target].find((id) => id >= spec.vocabSize);
  if (unknown === undefined) return;
  throw new UserError(`the golden file has token ${unknown}, but ${name} has ${spec.vocabSize} tokens.`);
}

async function denseGradients(folder: ModelFolder, golden: GoldenGradients, threads: number) {
  const names = [...expectedWeights(folder.spec).keys()];
  const values = new Map<string, Float32Array>();
  for (const name of names) values.set(name, await folder.readTensor(name));
  const session = await TrainingSession.open(folder, { tensors: new Set(names) }, threads);
  try {
    return await session.run(golden.batch, values);
  } finally {
    await session.release();
  }
}

/** With one of the two matrices zero the adapted model is the stored one, whose gradients are known. */
async function adapterDifferences(
  folder: ModelFolder,
  golden: GoldenGradients,
  threads: number,
): Promise<Map<string, number>> {
  const modules = projections(folder);
  const plan = { tensors: new Set<string>(), adapters: { ...ADAPTERS, modules: new Set(modules) } };
  const session = await TrainingSession.open(folder, plan, threads);
  const scale = ADAPTERS.alpha / ADAPTERS.rank;
  const differences = new Map<string, number>();
  try {
    for (const side of ['a', 'b'] as const) {
      const values = adapterValues(session, side);
      const { gradients } = await session.run(golden.batch, values);
      for (const module of modules) {
        const dW = golden.gradients.get(`${module}.weight`);
        if (!dW) continue;
        const names = adapterNames(module);
        const [out, into] = folder.weights.get(`${module}.weight`)!.dims;
        const { rank } = ADAPTERS;
        const expected =
          side === 'a'
            ? multiply(dW, transpose(values.get(names.a)!, rank, into), out, into, rank)
            : multiply(transpose(values.get(names.b)!, out, rank), dW, rank, out, into);
        const trained = side === 'a' ? names.b : names.a;
        const scaled = expected.map((value) => scale * value);
        differences.set(trained, relativeDifference(gradients.get(trained), scaled));
      }
    }
    return differences;
  } finally {
    await session.release();
  }
}

/** Random numbers for the matrices of one side, zeros for those of the other. */
function adapterValues(session: TrainingSession, side: 'a' | 'b'): ParameterValues {
  const random = new Random(1);
  const suffix = side === 'a' ? '.lora_A.weight' : '.lora_B.weight';
  return new Map(
    session.parameters.map(({ name, dims }) => {
      const length = dims[0] * dims[1];
      const draw = () => (name.endsWith(suffix) ? random.uniform() - 0.5 : 0);
      return [name, Float32Array.from({ length }, draw)];
    }),
  );
}

function projections(folder: ModelFolder): string[] {
  return [...expectedWeights(folder.spec)]
    .filter(([name, { dims }]) => dims.length === 2 && name.includes('_proj.'))
    .map(([name]) => name.slice(0, -'.weight'.length));
}

/** max |difference| / max |expected|; infinite where a number is missing or not a number. */
function relativeDifference(actual: Float32Array | undefined, expected: Float32Array): number {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const here = Math.abs((actual?.[i] ?? Number.NaN) - expected[i]);
    if (Number.isNaN(here)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, here);
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return largest === 0 ? difference : difference / largest;
}
