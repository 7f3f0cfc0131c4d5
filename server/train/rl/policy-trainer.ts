import type { Feed } from '../../../kernels/graph.ts';
import type { TrainingPlan } from '../../../kernels/training/parameters.ts';
import type { PolicyOptions } from '../../../kernels/training/policy-objective.ts';
import { Random } from '../../decode/random.ts';
import { defaultThreads } from '../../engine/threads.ts';
import type { ModelFolder } from '../../models/model-folder.ts';
import type { PlannerHeader, StoredPlanner } from '../../models/planner-file.ts';
import type { ParameterValues, ScoredBatch } from '../feeds.ts';
import type { Gradients } from '../gradients.ts';
import { TrainingSession } from '../session.ts';
import { TrainedValues } from '../trained-values.ts';
import { initialValues, writeTrained } from '../trained-weights.ts';
import { type JudgedResponse, lossSettings, needsOld, objectiveTerms } from './objective.ts';
import { competitionOf, type PolicyBatch, policyBatches, scoredBatch } from './policy-batches.ts';
import { driftOf, type Learner, type PolicyReport, policyStep } from './policy-step.ts';
import type { Recipe } from './recipe.ts';
import { REPLAYERS } from './replay/index.ts';
import type { Group } from './rollout.ts';
import { type GrpoSettings, optimizerSettings } from './settings.ts';

/** The responses of a step, laid out and scored by the policies that do not change with it. */
interface Replay {
  batches: readonly PolicyBatch[];
  /** What the session is fed for each, without what the loss takes. */
  fed: readonly ScoredBatch[];
  /** By batch; missing where they are not needed. */
  old?: readonly Float32Array[];
  reference?: readonly Float32Array[];
}

/** What the engine recorded of the tokens, in the order in which they are scored. */
function recordedOf({ batches }: Replay): (number | undefined)[] {
  return batches.flatMap(({ rows }) => rows.scored.map(({ recorded }) => recorded));
}

/** Trains a policy on its own responses: one objective over replays, whatever the recipe says. */
export class PolicyTrainer implements Learner {
  readonly trained: TrainedValues;
  readonly #settings: GrpoSettings;
  readonly #folder: ModelFolder;
  readonly #plan: TrainingPlan;
  readonly #session: TrainingSession;
  /** Log-probabilities only; missing where no other policy's are needed. */
  readonly #scorer: TrainingSession | undefined;
  readonly #planner: PlannerHeader | undefined;
  /** The policy before the run. */
  readonly #reference: ParameterValues;

  private constructor(
    settings: GrpoSettings,
    folder: ModelFolder,
    plan: TrainingPlan,
    parts: { session: TrainingSession; scorer?: TrainingSession; planner?: StoredPlanner },
    reference: ParameterValues,
    trained: TrainedValues,
  ) {
    this.#settings = settings;
    this.#folder = folder;
    this.#plan = plan;
    this.#session = parts.session;
    this.#scorer = parts.scorer;
    this.#planner = parts.planner?.header;
    this.#reference = reference;
    this.trained = trained;
  }

  /** `planner`: the one to begin with, for a recipe that trains one. */
  static async open(
    folder: ModelFolder,
    plan: TrainingPlan,
    settings: GrpoSettings,
    planner?: StoredPlanner,
  ): Promise<PolicyTrainer> {
    const { recipe, recompute, engineProducts, seed } = settings;
    const threads = settings.threads || defaultThreads();
    const { suppressedTokenIds: suppressed } = folder.spec;
    const competition = competitionOf(recipe.replay.likelihood, recipe.decode.topK);
    const scoring = { competition, suppressed, ...decisionsOf(recipe) };
    const old = needsOld(recipe.objective);
    const loss = { ...lossSettings(recipe.objective), old };
    const session = await TrainingSession.open(folder, plan, threads, {
      recompute,
      engineProducts,
      policy: { ...scoring, loss },
    });
    const scorer =
      old || recipe.objective.kl
        ? await TrainingSession.open(folder, plan, threads, { engineProducts, policy: scoring })
        : undefined;
    const reference = await initialValues(folder, session.parameters, seed, planner?.values);
    const trained = await TrainedValues.open(
      reference,
      session.parameters,
      optimizerSettings(settings),
      threads,
    );
    return new PolicyTrainer(settings, folder, plan, { session, scorer, planner }, reference, trained);
  }

  async update(
    step: number,
    groups: readonly Group[],
    advantages: readonly (readonly number[])[],
  ): Promise<PolicyReport> {
    const { objective, replay } = this.#settings.recipe;
    const random = new Random(step * 2 ** 32 + (this.#settings.seed >>> 0));
    // Those of all updates are scored before the first.
    const draws = REPLAYERS[replay.replayer].draws ? objective.innerIterations : 1;
    const replays: Replay[] = [];
    for (let i = 0; i < draws; i++) replays.push(await this.#replay(groups, advantages, random));
    const first = await this.#optimize(step * objective.innerIterations, replays[0]);
    const { logProbs, ...report } = first;
    const drift = replay.likelihood === 'behaviour' ? driftOf(logProbs, recordedOf(replays[0])) : undefined;
    let last = report;
    for (let iteration = 1; iteration < objective.innerIterations; iteration++) {
      const number = step * objective.innerIterations + iteration;
      const { logProbs: _, ...next } = await this.#optimize(number, replays[iteration % draws]);
      last = next;
    }
    return { ...last, ...(drift && { drift }) };
  }

  /** Writes the adapter, and the sampler head and the planner if they are trained, as they now are. */
  async write(dir: string): Promise<void> {
    const { parameters } = this.#session;
    await writeTrained(dir, this.#folder, this.#plan, parameters, this.trained.values, this.#planner);
  }

  async release(): Promise<void> {
    await this.#session.release();
    await this.trained.release();
    await this.#scorer?.release();
  }

  async #replay(
    groups: readonly Group[],
    advantages: readonly (readonly number[])[],
    random: Random,
  ): Promise<Replay> {
    const { objective, replay, decode } = this.#settings.recipe;
    const { spec } = this.#folder;
    const responses: JudgedResponse[] = groups.flatMap((group, g) =>
      group.map(({ trajectory, correct }, i) => ({
        promptIds: trajectory.promptIds,
        responseIds: trajectory.responseIds,
        states: REPLAYERS[replay.replayer].states(trajectory, spec, replay, random),
        advantage: advantages[g][i],
        correct,
      })),
    );
    const terms = objectiveTerms(responses, objective);
    const batches = policyBatches(spec, responses, terms, this.#settings.rowsPerForward);
    const { decisions } = decisionsOf(this.#settings.recipe);
    const fed = batches.map(({ rows }) =>
      scoredBatch(rows, replay.likelihood, decode.temperature, decisions),
    );
    const { kl } = objective;
    const old = needsOld(objective) ? await this.#score(fed, this.trained.values) : undefined;
    const reference = kl && (kl.to === 'old' ? old : await this.#score(fed, this.#reference));
    return { batches, fed, old, reference };
  }

  async #score(batches: readonly ScoredBatch[], values: ParameterValues): Promise<Float32Array[]> {
    const scores: Float32Array[] = [];
    for (const batch of batches) scores.push(await this.#scorer!.score(batch, values));
    return scores;
  }

  #optimize(step: number, { batches, fed, ...other }: Replay) {
    const parts = batches.map(({ terms }, i) => ({
      terms,
      others: { old: other.old?.[i], reference: other.reference?.[i] },
      rows: fed[i].ids.length,
      run: (inputs: Readonly<Record<string, Feed>>, gradients: Gradients) => {
        const batch = { ...fed[i], inputs: { ...fed[i].inputs, ...inputs } };
        return this.#session.run(batch, this.trained.values, gradients);
      },
    }));
    return policyStep(step, parts, this.#settings.recipe.objective, this.trained);
  }
}

/** Whether a planner's decisions are scored, and how. */
function decisionsOf({ replay: { unmasking } }: Recipe): Pick<PolicyOptions, 'decisions'> {
  return unmasking ? { decisions: { forced: unmasking === 'bernoulli-forced' } } : {};
}
