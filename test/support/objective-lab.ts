import assert from 'node:assert/strict';
import path from 'node:path';
import type { ModelFolder } from '../../server/models/model-folder.ts';
import { openModel } from '../../server/models/registry.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';
import type { ObjectiveSettings } from '../../server/train/objectives/objective.ts';
import { FIXTURES } from './model-files.ts';
import { testRandom } from './tiny-model.ts';

export type Weights = ReadonlyMap<string, Float32Array | Float64Array>;

/** Settings of an objective with everything that is an option left out. */
export function objectiveSettings(changes: Partial<ObjectiveSettings> = {}): ObjectiveSettings {
  return {
    windows: 0,
    window: 0,
    fullyMasked: 0.5,
    noisyWeight: 1,
    autoregressiveWeight: 0.5,
    chainedWeight: 0,
    promptWeight: 0,
    depthDecay: 1,
    softLabels: 0,
    certainty: 0,
    ...changes,
  };
}

/** A small stored model, read as one of window diffusion, with all its weights. */
export async function windowModel(): Promise<{
  folder: ModelFolder;
  spec: DenoiserSpec;
  stored: Map<string, Float32Array>;
}> {
  const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
  const spec: DenoiserSpec = { ...folder.spec, maskTokenId: 156, blockSize: 4, logitShift: 1 };
  const stored = new Map<string, Float32Array>();
  for (const name of expectedWeights(spec).keys()) stored.set(name, await folder.readTensor(name));
  return { folder, spec, stored };
}

/** Values between −0.5 and 0.5. */
export function randomValues(
  parameters: readonly { name: string; dims: readonly number[] }[],
  seed: number,
): Map<string, Float32Array> {
  const random = testRandom(seed);
  return new Map(
    parameters.map(({ name, dims }) => {
      const length = dims.reduce((product, dim) => product * dim, 1);
      return [name, Float32Array.from({ length }, () => random() - 0.5)];
    }),
  );
}

/** log p of every token, from a row of logits. */
export function logSoftmax(scores: ArrayLike<number>): number[] {
  const all = Array.from(scores);
  const logSumExp = Math.log(all.reduce((sum, score) => sum + Math.exp(score), 0));
  return all.map((score) => score - logSumExp);
}

/** Compares some elements of every gradient with central differences of the loss. */
export function assertGradients(
  gradients: ReadonlyMap<string, Float32Array>,
  weights: Weights,
  lossWith: (weights: Weights) => number,
  perParameter = 5,
): void {
  const step = 1e-4;
  for (const [name, gradient] of gradients) {
    for (let i = 0; i < gradient.length; i += Math.ceil(gradient.length / perParameter)) {
      const [up, down] = [step, -step].map((change) => {
        const moved = Float64Array.from(weights.get(name)!);
        moved[i] += change;
        return lossWith(new Map(weights).set(name, moved));
      });
      const slope = (up - down) / (2 * step);
      assert.ok(Math.abs(gradient[i] - slope) < 1e-5, `${name}[${i}]: ${gradient[i]} is not ${slope}`);
    }
  }
}
