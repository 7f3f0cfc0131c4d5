import { POLICIES } from '../../decode/policies/index.ts';
import { PLANNER_UNMASKINGS } from '../../decode/unmasking/index.ts';
import { UserError } from '../../errors.ts';
import type { DecodeSettings } from '../../protocol.ts';
import { type AdvantageSettings, BASELINES } from './advantage.ts';
import { FILTERS, type FilterSettings } from './group-filter.ts';
import type { ObjectiveSettings } from './objective.ts';
import type { PolicyRecipe } from './policy-recipe.ts';
import { among, type Check, listOf, number, object, optional, whole, yesOrNo } from './recipe-checks.ts';
import { REPLAYERS } from './replay/index.ts';
import type { ReplaySettings } from './replay/replayer.ts';
import { GATES } from './rewards/gates.ts';
import { REWARDS } from './rewards/index.ts';
import { NORMALISERS } from './rewards/normalisers.ts';
import type { RewardSettings } from './rewards/reward-term.ts';

/**
 * A method of reinforcement learning as data: the same loop runs them all. Presets are recipes; what a run needs beside
 * (model, tasks, steps, parameters under training) is not part of it.
 */
export interface Recipe {
  /** Preset of supervised fine-tuning that the method begins with; a run says so and does not do it by itself. */
  after?: string;
  promptsPerStep: number;
  groupSize: number;
  decode: Pick<DecodeSettings, 'mode' | 'threshold' | 'maxTokens' | 'temperature' | 'topK' | 'policy'>;
  replay: ReplaySettings;
  /** A policy over the frozen model is trained in place of the model. */
  policy?: PolicyRecipe;
  rewards: readonly RewardSettings[];
  advantage: AdvantageSettings;
  filter: FilterSettings;
  objective: ObjectiveSettings;
  optimizer: OptimizerSettings;
}

export interface OptimizerSettings {
  learningRate: number;
  schedule: 'constant' | 'linear' | 'cosine';
  warmupSteps: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Largest norm of a step's gradient. */
  clip: number;
}

const share = number(0, 1);
const reduction = among('token', 'response-mean', 'step-mean', 'round-mean', 'constant');

const CHECKS: { readonly [K in keyof Required<Recipe>]: Check } = {
  after: optional((value, key) =>
    typeof value === 'string' ? undefined : `${key} must be the name of a preset`,
  ),
  promptsPerStep: whole(1),
  groupSize: whole(1),
  decode: object({
    mode: among('ar', 'threshold', 'verified'),
    threshold: share,
    maxTokens: whole(1),
    temperature: number(0, 100),
    topK: whole(1),
    policy: optional(among('learned')),
  }),
  replay: object({
    replayer: among(...Object.keys(REPLAYERS)),
    likelihood: among('behaviour', 'model', 'transition'),
    unmasking: optional(among(...PLANNER_UNMASKINGS)),
    shrink: whole(1),
    promptMask: share,
    scoreAfterEnd: yesOrNo,
  }),
  policy: optional(
    object({
      confidences: whole(1),
      hidden: yesOrNo,
      unmasking: among('bernoulli', 'dpls'),
      temperature: number(0.01, 100),
      experts: optional(
        object({
          count: whole(1),
          decode: object({
            mode: optional(among('threshold', 'verified')),
            policy: optional(among(...Object.keys(POLICIES))),
            threshold: optional(share),
            factor: optional(number(0, 1e6)),
            steps: optional(whole(1)),
          }),
        }),
      ),
    }),
  ),
  rewards: listOf(
    object({
      term: among(...Object.keys(REWARDS)),
      weight: number(-1e6, 1e6),
      gate: among(...Object.keys(GATES)),
      normaliser: among(...Object.keys(NORMALISERS)),
      alpha: optional(number(0, 100)),
      reverseKl: optional(yesOrNo),
    }),
  ),
  advantage: object({ baseline: among(...Object.keys(BASELINES)), least: optional(number(-1e6, 1e6)) }),
  filter: object({
    drop: listOf(among(...Object.keys(FILTERS)), 0),
    accuracy: optional(listOf(share, 2)),
    tpfSpread: number(0, 1e6),
    mostDraws: whole(1),
  }),
  objective: object({
    ratio: among('token', 'step', 'sequence', 'sequence-mean'),
    clipLow: share,
    clipHigh: number(0, 1e6),
    ratioCap: optional(number(1, 1e6)),
    reduction,
    constantLength: optional(whole(1)),
    kl: optional(
      object({
        estimator: among('k1', 'k2', 'k3'),
        to: among('reference', 'old'),
        weight: number(0, 1e6),
        reduction,
      }),
    ),
    nll: optional(object({ weight: number(0, 1e6), reduction })),
    innerIterations: whole(1),
  }),
  optimizer: object({
    learningRate: number(0, 0.1),
    schedule: among('constant', 'linear', 'cosine'),
    warmupSteps: whole(0),
    beta1: number(0, 0.9999),
    beta2: number(0, 0.999999),
    epsilon: number(0, 1),
    weightDecay: number(0, 1),
    clip: number(1e-9, 1e9),
  }),
};

/** Throws UserError, naming `source` and the key, for a recipe that cannot be. */
export function checkRecipe(recipe: unknown, source: string): asserts recipe is Recipe {
  const fault = object(CHECKS)(recipe, 'recipe') ?? contradiction(recipe as Recipe);
  if (fault) throw new UserError(`${source}: ${fault}.`);
}

/** What is wrong with parts of a recipe that are right by themselves. */
function contradiction({ decode, replay, policy, groupSize }: Recipe): string | undefined {
  if ((replay.replayer === 'stored-inputs') !== (policy !== undefined))
    return 'the replayer stored-inputs goes with recipe.policy, and with nothing else';
  const experts = policy?.experts?.count ?? 0;
  if (experts > groupSize)
    return `recipe.policy.experts.count is ${experts}, but a group has ${groupSize} responses`;
  // Greedy responses to one prompt are all the same, unless a policy draws what is revealed.
  return policy ? undefined : number(0.01, 100)(decode.temperature, 'recipe.decode.temperature');
}
