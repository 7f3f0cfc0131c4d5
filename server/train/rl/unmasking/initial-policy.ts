import { sizeOf } from '../../../../kernels/naive-tensor.ts';
import { POLICY_NAMES, type PolicyShape, policyParameters } from '../../../../kernels/unmasking-policy.ts';
import { Random } from '../../../decode/random.ts';
import { resolveSettings } from '../../../decode/settings.ts';
import { UserError } from '../../../errors.ts';
import type { ModelFolder } from '../../../models/model-folder.ts';
import { type PolicyHeader, readPolicy, type StoredPolicy } from '../../../models/policy-file.ts';
import { type PolicyRecipe, usedUnmasking } from '../policy-recipe.ts';
import type { GrpoSettings } from '../settings.ts';

/** The published sizes: about 0.33 million numbers. */
const SIZES = { size: 128, inner: 512, heads: 2, timeSize: 128, timePeriod: 1 };
/** Of the output: every position is revealed with probability 0.12 at first. */
const FIRST_LOGIT = -2;

/** The policy that a run starts from: the one of its settings' file, or a new one. Throws UserError. */
export async function initialPolicy(folder: ModelFolder, settings: GrpoSettings): Promise<StoredPolicy> {
  const { recipe, policyFile, seed } = settings;
  const policy = recipe.policy!;
  const { window } = resolveSettings(folder.spec, recipe.decode);
  const inputs = policy.confidences + (policy.hidden ? folder.spec.hiddenSize : 0);
  const used = { unmasking: usedUnmasking(policy), temperature: policy.temperature };
  if (policyFile !== '') {
    const { header, values } = await readPolicy(policyFile, folder);
    checkFit(policyFile, header, policy, window);
    return { header: { ...header, ...used }, values };
  }
  const shape = { ...SIZES, inputs, window };
  const header: PolicyHeader = {
    version: 1,
    model: folder.name,
    weights: folder.weightsHash,
    ...used,
    confidences: policy.confidences,
    hidden: policy.hidden,
    shape,
  };
  return { header, values: newValues(shape, seed) };
}

function checkFit(file: string, header: PolicyHeader, policy: PolicyRecipe, window: number): void {
  const pairs: [string, unknown, unknown][] = [
    ['window', header.shape.window, window],
    ['confidences', header.confidences, policy.confidences],
    ['hidden', header.hidden, policy.hidden],
  ];
  for (const [name, has, wanted] of pairs) {
    if (has === wanted) continue;
    throw new UserError(
      `${file} is a policy with ${name} ${has}, but the recipe asks for ${wanted}: change either of them.`,
    );
  }
}

/**
 * Modules uniform within ±1/√in, as PyTorch has them; the mask's embedding the same over its width. The modulation is zero,
 * so that the block is at first a plain one, and the output starts from FIRST_LOGIT (the published smart_init).
 */
function newValues(shape: PolicyShape, seed: number): Map<string, Float32Array> {
  const random = new Random(seed);
  const values = new Map<string, Float32Array>();
  let bound = 0;
  for (const { name, dims } of policyParameters(shape)) {
    // A bias follows its weight.
    if (dims.length > 1) bound = 1 / Math.sqrt(dims[1]);
    values.set(
      name,
      Float32Array.from({ length: sizeOf(dims) }, () => (2 * random.uniform() - 1) * bound),
    );
  }
  for (const part of ['weight', 'bias']) values.get(`${POLICY_NAMES.modulation}.${part}`)!.fill(0);
  values.get(`${POLICY_NAMES.output}.bias`)!.fill(FIRST_LOGIT);
  return values;
}
