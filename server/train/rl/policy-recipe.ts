import type { UnmaskingName } from '../../decode/unmasking/index.ts';
import type { DecodeSettings } from '../../protocol.ts';
import type { Recipe } from './recipe.ts';

/** A policy that learns over a frozen model which masked positions a step reveals (Jazbec et al., arXiv 2512.09106). */
export interface PolicyRecipe {
  /** Probabilities that it sees of each position, and whether it sees hidden states. */
  confidences: number;
  hidden: boolean;
  /** How it draws while it learns; its logits are as they are then. */
  unmasking: 'bernoulli' | 'dpls';
  /** What its logits are divided by when it is used, as in evaluations. */
  temperature: number;
  /**
   * Responses of every group that are decoded by a rule in its place, in ways that add to `decode`. Where there are others
   * too, steps of an expert count as those of a mixture; where there are none, the policy imitates.
   */
  experts?: { count: number; decode: ExpertDecoding };
}

export type ExpertDecoding = Partial<
  Pick<DecodeSettings, 'mode' | 'policy' | 'threshold' | 'factor' | 'steps'>
>;

/** Responses of a group that the policy decides. */
export function policyResponses({ groupSize, policy }: Recipe): number {
  return groupSize - (policy?.experts?.count ?? 0);
}

/** How the responses of a step are decoded that the trained policy decides. */
export function learningDecode({ decode, policy }: Recipe): Partial<DecodeSettings> {
  if (!policy) return decode;
  return { ...decode, policy: 'learned', unmasking: policy.unmasking, policyTemperature: 1 };
}

/** How what was learned is used: greedily, and as its file says. */
export function usedDecode({ decode, policy }: Recipe): Partial<DecodeSettings> {
  return { ...decode, temperature: 0, ...(policy && { policy: 'learned' }) };
}

/** How a policy draws when it is used: something is revealed in every step. */
export function usedUnmasking({ unmasking }: PolicyRecipe): UnmaskingName {
  return unmasking === 'bernoulli' ? 'bernoulli-forced' : unmasking;
}
