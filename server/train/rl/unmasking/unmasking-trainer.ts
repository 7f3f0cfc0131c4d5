import path from 'node:path';
import type { Feed } from '../../../../kernels/graph.ts';
import { buildUnmaskingGraph } from '../../../../kernels/training/unmasking-graph.ts';
import { defaultThreads } from '../../../engine/threads.ts';
import { POLICY_FILE, type StoredPolicy, writePolicy } from '../../../models/policy-file.ts';
import type { ParameterValues } from '../../feeds.ts';
import type { Gradients } from '../../gradients.ts';
import { TrainedValues } from '../../trained-values.ts';
import { lossSettings, needsOld, objectiveTerms } from '../objective.ts';
import { joinedTerms } from '../policy-batches.ts';
import type { PolicyLossTerms } from '../policy-loss.ts';
import { policyResponses } from '../policy-recipe.ts';
import { driftOf, type Learner, type PolicyReport, policyStep } from '../policy-step.ts';
import { storedStates } from '../replay/stored-inputs.ts';
import type { Group } from '../rollout.ts';
import { type GrpoSettings, optimizerSettings } from '../settings.ts';
import { decisionFeeds, type StoredDecision, storedDecisions } from './decisions.ts';
import { UnmaskingSession } from './unmasking-session.ts';

/** Decisions that go through one forward. */
interface Batch {
  decisions: readonly StoredDecision[];
  terms: PolicyLossTerms;
  fed: Readonly<Record<string, Feed>>;
}

/** Trains a policy over a frozen model on its own decisions, from what it saw when it made them. */
export class UnmaskingTrainer implements Learner {
  readonly trained: TrainedValues;
  readonly #settings: GrpoSettings;
  readonly #header: StoredPolicy['header'];
  readonly #session: UnmaskingSession;
  /** Log-probabilities only; missing where no other policy's are needed. */
  readonly #scorer: UnmaskingSession | undefined;
  /** The policy before the run. */
  readonly #reference: ParameterValues;

  private constructor(
    settings: GrpoSettings,
    { header, values: reference }: StoredPolicy,
    sessions: { session: UnmaskingSession; scorer: UnmaskingSession | undefined },
    trained: TrainedValues,
  ) {
    const { session, scorer } = sessions;
    this.trained = trained;
    this.#settings = settings;
    this.#header = header;
    this.#session = session;
    this.#scorer = scorer;
    this.#reference = reference;
  }

  static async open(settings: GrpoSettings, initial: StoredPolicy): Promise<UnmaskingTrainer> {
    const { recipe } = settings;
    const threads = settings.threads || defaultThreads();
    const { shape } = initial.header;
    const old = needsOld(recipe.objective);
    const mixture = mixtureOf(settings);
    const loss = { ...lossSettings(recipe.objective), old };
    const session = await UnmaskingSession.open(buildUnmaskingGraph(shape, { mixture, loss }), threads);
    const scorer =
      old || recipe.objective.kl
        ? await UnmaskingSession.open(buildUnmaskingGraph(shape, { mixture }), threads)
        : undefined;
    const trained = await TrainedValues.open(
      initial.values,
      session.parameters,
      optimizerSettings(settings),
      threads,
    );
    return new UnmaskingTrainer(settings, initial, { session, scorer }, trained);
  }

  async update(
    step: number,
    groups: readonly Group[],
    advantages: readonly (readonly number[])[],
  ): Promise<PolicyReport> {
    const { objective } = this.#settings.recipe;
    const { innerIterations, kl } = objective;
    const batches = this.#batches(groups, advantages);
    const old = needsOld(objective) ? await this.#score(batches, this.trained.values) : undefined;
    const reference = kl && (kl.to === 'old' ? old : await this.#score(batches, this.#reference));
    const parts = batches.map(({ decisions, terms, fed }, i) => ({
      terms,
      others: { old: old?.[i], reference: reference?.[i] },
      rows: decisions.length * this.#header.shape.window,
      run: (inputs: Readonly<Record<string, Feed>>, gradients: Gradients) =>
        this.#session.run({ ...fed, ...inputs }, this.trained.values, gradients),
    }));
    const optimize = (iteration: number) =>
      policyStep(step * innerIterations + iteration, parts, objective, this.trained);
    const { logProbs, ...first } = await optimize(0);
    // Decisions of experts were not drawn by the policy, and have none recorded.
    const drift = driftOf(
      logProbs,
      groups
        .flat()
        .flatMap(({ trajectory }) =>
          storedStates(trajectory).flatMap(({ scored }) => scored.map(({ recorded }) => recorded)),
        ),
    );
    let last = first;
    for (let iteration = 1; iteration < innerIterations; iteration++) {
      const { logProbs: _, ...next } = await optimize(iteration);
      last = next;
    }
    return { ...last, ...(drift && { drift }) };
  }

  async write(dir: string): Promise<void> {
    await writePolicy(path.join(dir, POLICY_FILE), { header: this.#header, values: this.trained.values });
  }

  async release(): Promise<void> {
    await this.#session.release();
    await this.trained.release();
    await this.#scorer?.release();
  }

  /** Decisions of consecutive responses together, up to `rowsPerForward` rows; a single response may have more. */
  #batches(groups: readonly Group[], advantages: readonly (readonly number[])[]): Batch[] {
    const { recipe, rowsPerForward } = this.#settings;
    const { shape, confidences } = this.#header;
    const responses = groups.flatMap((group, g) =>
      group.map((rollout, i) => {
        const decisions = storedDecisions(rollout, recipe.policy!.unmasking, confidences);
        return {
          decisions,
          promptIds: rollout.trajectory.promptIds,
          responseIds: rollout.trajectory.responseIds,
          states: storedStates(rollout.trajectory),
          advantage: advantages[g][i],
          correct: rollout.correct,
        };
      }),
    );
    const terms = objectiveTerms(responses, recipe.objective);
    const packed: { decisions: StoredDecision[]; terms: PolicyLossTerms[] }[] = [];
    for (const [i, { decisions }] of responses.entries()) {
      if (decisions.length === 0) continue;
      const last = packed.at(-1);
      const rows = ((last?.decisions.length ?? 0) + decisions.length) * shape.window;
      if (last && rows <= rowsPerForward) {
        last.decisions.push(...decisions);
        last.terms.push(terms[i]);
      } else packed.push({ decisions: [...decisions], terms: [terms[i]] });
    }
    const mixture = mixtureOf(this.#settings) !== undefined;
    return packed.map(({ decisions, terms: of }) => ({
      decisions,
      terms: joinedTerms(of),
      fed: decisionFeeds(this.#header, decisions, mixture),
    }));
  }

  async #score(batches: readonly Batch[], values: ParameterValues): Promise<Float32Array[]> {
    const scores: Float32Array[] = [];
    for (const { fed } of batches) scores.push(await this.#scorer!.score(fed, values));
    return scores;
  }
}

/** Experts steer a group that has others too; a group of experts alone is imitated. */
function mixtureOf({ recipe }: GrpoSettings): { policies: number; experts: number } | undefined {
  const policies = policyResponses(recipe);
  const experts = recipe.groupSize - policies;
  return policies > 0 && experts > 0 ? { policies, experts } : undefined;
}
