import type { TrainingPlan } from '../../../kernels/training/parameters.ts';
import { Random } from '../../decode/random.ts';
import { defaultThreads } from '../../engine/threads.ts';
import type { ModelFolder } from '../../models/model-folder.ts';
import type { ParameterValues, ScoredBatch } from '../feeds.ts';
import { GradientSum } from '../gradient-sum.ts';
import { type Gradients, TrainingSession } from '../session.ts';
import { type OptimizerReport, TrainedValues } from '../trained-values.ts';
import { initialValues, writeTrained } from '../trained-weights.ts';
import { type JudgedResponse, lossSettings, needsOld, objectiveTerms } from './objective.ts';
import { competitionOf, lossInputs, type PolicyBatch, policyBatches, scoredBatch } from './policy-batches.ts';
import { type PolicyLoss, policyLoss } from './policy-loss.ts';
import { REPLAYERS } from './replay/index.ts';
import type { Group } from './rollout.ts';
import type { GrpoSettings } from './settings.ts';

/** What the update of one step did: its last optimizer step. */
export interface PolicyReport extends OptimizerReport, Omit<PolicyLoss, 'clipped' | 'clamped'> {
  /** Share of the ratios whose surrogate is the clipped one, and of those beyond the limit of a log-ratio. */
  clipShare: number;
  clampShare: number;
  /** Rows that were fed, and tokens that were scored. */
  rows: number;
  tokens: number;
  /** |log p of the trainer − log p that the engine recorded| of the tokens; missing where others are scored. */
  drift?: { mean: number; max: number };
}

/** The responses of a step, laid out and scored by the policies that do not change with it. */
interface Replay {
  batches: readonly PolicyBatch[];
  /** What the session is fed for each, without what the loss takes. */
  fed: readonly ScoredBatch[];
  /** By batch; missing where they are not needed. */
  old?: readonly Float32Array[];
  reference?: readonly Float32Array[];
}

/** Trains a policy on its own responses: one objective over replays, whatever the recipe says. */
export class PolicyTrainer {
  readonly trained: TrainedValues;
  readonly #settings: GrpoSettings;
  readonly #folder: ModelFolder;
  readonly #plan: TrainingPlan;
  readonly #session: TrainingSession;
  /** Log-probabilities only; missing where no other policy's are needed. */
  readonly #scorer: TrainingSession | undefined;
  /** The policy before the run. */
  readonly #reference: ParameterValues;
  readonly #gradients: Gradients[] = [];

  private constructor(
    settings: GrpoSettings,
    folder: ModelFolder,
    plan: TrainingPlan,
    sessions: { session: TrainingSession; scorer: TrainingSession | undefined },
    reference: ParameterValues,
    trained: TrainedValues,
  ) {
    this.#settings = settings;
    this.#folder = folder;
    this.#plan = plan;
    this.#session = sessions.session;
    this.#scorer = sessions.scorer;
    this.#reference = reference;
    this.trained = trained;
  }

  static async open(folder: ModelFolder, plan: TrainingPlan, settings: GrpoSettings): Promise<PolicyTrainer> {
    const { recipe, recompute, seed, steps } = settings;
    const threads = settings.threads || defaultThreads();
    const { suppressedTokenIds: suppressed } = folder.spec;
    const competition = competitionOf(recipe.replay.likelihood, recipe.decode.topK);
    const scoring = { competition, suppressed };
    const old = needsOld(recipe.objective);
    const loss = { ...lossSettings(recipe.objective), old };
    const session = await TrainingSession.open(folder, plan, threads, {
      recompute,
      policy: { ...scoring, loss },
    });
    const scorer =
      old || recipe.objective.kl
        ? await TrainingSession.open(folder, plan, threads, { policy: scoring })
        : undefined;
    const reference = await initialValues(folder, session.parameters, seed);
    const values = new Map([...reference].map(([name, value]) => [name, value.slice()]));
    const optimizer = {
      ...recipe.optimizer,
      warmupSteps: recipe.optimizer.warmupSteps * recipe.objective.innerIterations,
      steps: steps * recipe.objective.innerIterations,
    };
    const trained = new TrainedValues(values, session.parameters, optimizer);
    return new PolicyTrainer(settings, folder, plan, { session, scorer }, reference, trained);
  }

  /** Moves the weights by the responses of step `step`, from 0 on, and their advantages, [groups][responses]. */
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
    const drift = replay.likelihood === 'behaviour' ? driftOf(logProbs, replays[0].batches) : undefined;
    let last = report;
    for (let iteration = 1; iteration < objective.innerIterations; iteration++) {
      const number = step * objective.innerIterations + iteration;
      const { logProbs: _, ...next } = await this.#optimize(number, replays[iteration % draws]);
      last = next;
    }
    return { ...last, ...(drift && { drift }) };
  }

  /** Writes the adapter, and the sampler head if it is trained, as they now are. */
  async write(dir: string): Promise<void> {
    await writeTrained(dir, this.#folder, this.#plan, this.#session.parameters, this.trained.values);
  }

  async release(): Promise<void> {
    await this.#session.release();
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
    const fed = batches.map(({ rows }) => scoredBatch(rows, replay.likelihood, decode.temperature));
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

  async #optimize(
    step: number,
    { batches, fed, ...other }: Replay,
  ): Promise<Omit<PolicyReport, 'drift'> & { logProbs: number[] }> {
    const settings = lossSettings(this.#settings.recipe.objective);
    const sum = new GradientSum();
    const total: PolicyLoss = { loss: 0, policy: 0, kl: 0, nll: 0, clipped: 0, clamped: 0 };
    const logProbs: number[] = [];
    let [units, rows, loss] = [0, 0, 0];
    for (const [i, { terms }] of batches.entries()) {
      const others = { old: other.old?.[i], reference: other.reference?.[i] };
      const batch = { ...fed[i], inputs: { ...fed[i].inputs, ...lossInputs(terms, others) } };
      const slot = Math.min(i, 1);
      this.#gradients[slot] ??= this.#session.newGradients();
      const result = await this.#session.run(batch, this.trained.values, this.#gradients[slot]);
      sum.add(result.gradients);
      const part = policyLoss(result.logProbabilities, others, terms, settings);
      for (const key of Object.keys(total) as (keyof PolicyLoss)[]) total[key] += part[key];
      logProbs.push(...result.logProbabilities);
      loss += result.loss;
      rows += batch.ids.length;
      units += terms.advantage.length;
    }
    const { policy, kl, nll, clipped, clamped } = total;
    return {
      ...{ loss, policy, kl, nll, rows, logProbs },
      tokens: logProbs.length,
      clipShare: clipped / Math.max(1, units),
      clampShare: clamped / Math.max(1, units),
      ...this.trained.apply(step, loss, sum),
    };
  }
}

/** Differences to what the engine recorded, over the tokens that were decided in the context that they are scored in. */
function driftOf(logProbs: readonly number[], batches: readonly PolicyBatch[]): PolicyReport['drift'] {
  const recorded = batches.flatMap(({ rows }) => rows.scored.map((token) => token.recorded));
  const sizes = logProbs.flatMap((logProb, i) => {
    const known = recorded[i];
    return known === undefined ? [] : [Math.abs(logProb - known)];
  });
  if (sizes.length === 0) return undefined;
  return {
    mean: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    max: sizes.reduce((most, size) => Math.max(most, size), 0),
  };
}
