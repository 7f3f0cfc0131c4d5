import { UserError } from '../../errors.ts';
import { flag, number, resolveBy, type Setting, TARGETS, whole } from '../settings.ts';
import type { OptimizerSettings } from '../trained-values.ts';
import { policyResponses } from './policy-recipe.ts';
import { checkRecipe, type Recipe } from './recipe.ts';

/** Everything that a run of reinforcement learning depends on; the run folder keeps it in config.json. */
export interface GrpoSettings {
  /** Of the run folder; a later version may change what its files hold. */
  format: 1;
  /** Model folder. */
  model: string;
  /** Task file; its held-out split is never trained on. */
  tasks: string;
  /** Only tasks up to this level are trained on and evaluated; 0 takes all. */
  level: number;
  /** Model folder of the teacher that a reward may ask; empty: the model itself, as it is before the run. */
  teacher: string;
  /** The preset that the recipe comes from. */
  preset: string;
  recipe: Recipe;
  /**
   * Where the recipe trains a policy or a planner: the file of the one to go on from; empty for a new policy, and for the
   * planner in the model's folder.
   */
  policyFile: string;
  /** Low-rank adapters: their rank, alpha, and the last part of the names of the modules that get one. */
  rank: number;
  alpha: number;
  targets: readonly string[];
  steps: number;
  /** Responses that are decoded side by side. */
  samplesTogether: number;
  /** Most rows of one forward of the trainer; memory grows with them. A single response may have more. */
  rowsPerForward: number;
  /** Steps between evaluations on the held-out tasks, the first before the first step; 0 for none. */
  evaluateEvery: number;
  checkpointEvery: number;
  /** Mean difference of log-probabilities between engine and trainer from which on an alarm is raised. */
  driftAlarm: number;
  /** Seconds that a candidate may run. */
  timeout: number;
  seed: number;
  /** 0: as many as the machine's cores suggest. */
  threads: number;
  /** Compute layers again in the backward pass: less memory, more time. */
  recompute: boolean;
  /** Multiply by frozen layers as the engine does, see `TrainingSession`. */
  engineProducts: boolean;
}

const isText = (value: unknown) => typeof value === 'string' && value !== '';

const SETTINGS: { readonly [K in keyof GrpoSettings]: Setting<GrpoSettings[K]> } = {
  format: {
    value: 1,
    must: '1: the run is one of another version of unmask, which has to finish it',
    accepts: (value) => value === 1,
  },
  model: { value: undefined, must: 'the folder of a model', accepts: isText },
  tasks: { value: undefined, must: 'a task file', accepts: isText },
  level: whole(0, 0),
  teacher: { value: '', must: 'the folder of a model', accepts: (value) => typeof value === 'string' },
  preset: { value: 'none', must: 'the name of a preset', accepts: isText },
  recipe: {
    value: undefined,
    must: 'an object, as the presets have it',
    accepts: (value) => typeof value === 'object' && value !== null,
  },
  policyFile: {
    value: '',
    must: 'the file of a policy or a planner, or nothing',
    accepts: (value) => typeof value === 'string',
  },
  rank: whole(16, 1),
  alpha: number(32, 1e-6, 1e6),
  targets: TARGETS,
  steps: whole(60, 1),
  samplesTogether: whole(16, 1),
  rowsPerForward: whole(512, 1),
  evaluateEvery: whole(10, 0),
  checkpointEvery: whole(1, 1),
  driftAlarm: number(0.1, 0, 1e9),
  timeout: number(5, 0.05, 600),
  seed: whole(0, 0),
  threads: whole(0, 0),
  recompute: flag(false),
  engineProducts: flag(false),
};

/** The optimizer of a run, whose steps are those of all inner iterations. */
export function optimizerSettings({
  recipe: { optimizer, objective },
  steps,
}: GrpoSettings): OptimizerSettings {
  return {
    ...optimizer,
    warmupSteps: optimizer.warmupSteps * objective.innerIterations,
    steps: steps * objective.innerIterations,
  };
}

/** Fills in the defaults. Throws UserError, naming `source` and the key, for what cannot be. */
export function resolveGrpoSettings(given: Readonly<Record<string, unknown>>, source: string): GrpoSettings {
  const settings = resolveBy(SETTINGS, given, source);
  checkRecipe(settings.recipe, source);
  const { policy, replay } = settings.recipe;
  if (settings.policyFile !== '' && !policy && !replay.unmasking) {
    throw new UserError(
      `${source}: policyFile goes with a recipe that trains a policy or a planner, such as jazbec.`,
    );
  }
  const compared = policyResponses(settings.recipe);
  if (compared === 1) {
    throw new UserError(
      `${source}: recipe.groupSize is ${settings.recipe.groupSize}, but responses are compared within their group: ` +
        'it must be at least 2.',
    );
  }
  return settings;
}
