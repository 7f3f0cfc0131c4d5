import { type PolicyShape, policyParameters } from '../../kernels/unmasking-policy.ts';
import { UNMASKINGS, type UnmaskingName } from '../decode/unmasking/index.ts';
import { count, number, oneOf, record, text, yesOrNo } from '../saved-file.ts';
import {
  type Learned,
  type LearnedHeader,
  type LearnedKind,
  readLearned,
  writeLearned,
} from './learned-file.ts';
import type { ModelFolder } from './model-folder.ts';

/** The policy that a model folder may have. */
export const POLICY_FILE = 'policy.safetensors';

/** What a policy file says of itself. */
export interface PolicyHeader extends LearnedHeader {
  /** How it draws, and what its logits are divided by first. */
  unmasking: UnmaskingName;
  temperature: number;
  /** Probabilities that it sees of each position, and whether it sees hidden states. */
  confidences: number;
  hidden: boolean;
  shape: PolicyShape;
}

/** The tensors have the names of `policyParameters`. */
export type StoredPolicy = Learned<PolicyHeader>;

const POLICY: LearnedKind = {
  noun: 'policy',
  metadata: 'unmask_policy',
  header: record({
    version: oneOf(1),
    model: text,
    weights: text,
    unmasking: oneOf(...Object.keys(UNMASKINGS)),
    temperature: number,
    confidences: count,
    hidden: yesOrNo,
    shape: record({
      inputs: count,
      window: count,
      size: count,
      inner: count,
      heads: count,
      timeSize: count,
      timePeriod: number,
    }),
  }),
};

export function writePolicy(file: string, policy: StoredPolicy): Promise<void> {
  return writeLearned(file, POLICY, policyParameters(policy.header.shape), policy);
}

/** As `readLearned`. */
export function readPolicy(
  file: string,
  folder: Pick<ModelFolder, 'name' | 'weightsHash'>,
): Promise<StoredPolicy> {
  return readLearned<PolicyHeader>(file, POLICY, folder, ({ shape }) => policyParameters(shape));
}
