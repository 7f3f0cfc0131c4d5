import { existsSync } from 'node:fs';
import path from 'node:path';
import { PLANNER_NAMES, plannerParameters } from '../../kernels/planner.ts';
import type { Random } from '../decode/random.ts';
import { UserError } from '../errors.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { PLANNER_FILE, readPlanner, type StoredPlanner } from '../models/planner-file.ts';

/** What the names of a planner's tensors begin with. */
const PREFIX = 'planner.';

export function isOfPlanner(parameter: string): boolean {
  return parameter.startsWith(PREFIX);
}

/** What of the values belongs to a planner. */
export function plannerValues(values: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  return new Map([...values].filter(([name]) => isOfPlanner(name)));
}

/** The planner of a file, or the model's own. Throws UserError where there is none that fits. */
export async function storedPlanner(folder: ModelFolder, given: string): Promise<StoredPlanner> {
  const file = given === '' ? path.join(folder.dir, PLANNER_FILE) : given;
  if (!existsSync(file)) {
    throw new UserError(
      `there is no planner ${file}: make one by unmask train sft --preset planner, and name its file by --set policyFile=FILE.`,
    );
  }
  return readPlanner(file, folder);
}

/**
 * A planner that has learned nothing: the input matrix is the identity, others are uniform within ±1/√in, biases 0, norm
 * weights 1, and a last layer of zeros, so that every position is revealed with probability ½.
 */
export function newPlanner(folder: Pick<ModelFolder, 'spec'>, random: Random): Map<string, Float32Array> {
  return new Map(
    plannerParameters(folder.spec).map(({ name, dims }) => {
      const value = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
      if (name === `${PLANNER_NAMES.input}.weight`) {
        return [name, value.map((_, i) => Number(i % (dims[1] + 1) === 0))];
      }
      const isMatrix = dims.length > 1 && name !== `${PLANNER_NAMES.out}.weight`;
      if (isMatrix) return [name, value.map(() => (2 * random.uniform() - 1) / Math.sqrt(dims[1]))];
      const isNorm = dims.length === 1 && !name.endsWith('.bias');
      return [name, isNorm ? value.fill(1) : value];
    }),
  );
}
