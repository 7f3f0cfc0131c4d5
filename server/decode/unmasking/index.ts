import { bernoulli, bernoulliExpected, bernoulliForced, bernoulliReleased } from './bernoulli.ts';
import { dpls } from './dpls.ts';
import type { Unmasking } from './unmasking.ts';

/** Every way in which a learned policy reveals, by name. */
export const UNMASKINGS = {
  bernoulli,
  'bernoulli-forced': bernoulliForced,
  'bernoulli-released': bernoulliReleased,
  'bernoulli-expected': bernoulliExpected,
  dpls,
} as const satisfies Record<string, Unmasking>;

export type UnmaskingName = keyof typeof UNMASKINGS;

/** Those whose decisions a planner may be trained by: each position by itself. */
export const PLANNER_UNMASKINGS = ['bernoulli', 'bernoulli-forced', 'bernoulli-released'] as const;

export type PlannerUnmasking = (typeof PLANNER_UNMASKINGS)[number];
