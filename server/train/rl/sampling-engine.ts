import type { TrainingPlan } from '../../../kernels/training/parameters.ts';
import { type BatchJob, decodeBatch } from '../../decode/batch.ts';
import type { DecodedTrajectory } from '../../decode/decode.ts';
import { loadOrt } from '../../engine/ort.ts';
import { OrtBatch } from '../../engine/ort-batch.ts';
import { OrtPlanner } from '../../engine/ort-planner.ts';
import { OrtPolicy } from '../../engine/ort-policy.ts';
import { OrtSamplerHead } from '../../engine/ort-sampler-head.ts';
import { promptIds } from '../../engine/prompt.ts';
import { answerRequest } from '../../eval/answer.ts';
import type { ModelFolder } from '../../models/model-folder.ts';
import type { PlannerHeader } from '../../models/planner-file.ts';
import type { StoredPolicy } from '../../models/policy-file.ts';
import type { Tokenizer } from '../../models/tokenizer.ts';
import type { DecodeSettings, Trajectory } from '../../protocol.ts';
import type { Task } from '../../tasks/task.ts';
import type { ParameterValues } from '../feeds.ts';
import { plannerValues } from '../planner-weights.ts';
import { samplerHeadValues } from '../sampler-head-weights.ts';
import { recordedCandidates } from './replay/recorded-tokens.ts';
import type { Syncer } from './syncer.ts';

/** A response that is wanted; what is missing of the settings is as `unmask eval` would have it. */
export interface SampleJob {
  task: Task;
  settings: Partial<DecodeSettings>;
}

interface Parts {
  samplerHead?: OrtSamplerHead;
  policy?: OrtPolicy;
  planner?: OrtPlanner;
}

/** The model as it is sampled from: the frozen base at its own precision, and the adapters of the last push. */
export class SamplingEngine implements Syncer {
  readonly #folder: ModelFolder;
  readonly #tokenizer: Tokenizer;
  readonly #batch: OrtBatch;
  readonly #samplerHead: OrtSamplerHead | undefined;
  /** Decides what is revealed. */
  readonly #policy: OrtPolicy | undefined;
  readonly #planner: OrtPlanner | undefined;
  readonly #width: number;
  /** Optimizer steps behind the weights. */
  version = 0;

  private constructor(
    folder: ModelFolder,
    tokenizer: Tokenizer,
    batch: OrtBatch,
    { samplerHead, policy, planner }: Parts,
    width: number,
  ) {
    this.#folder = folder;
    this.#tokenizer = tokenizer;
    this.#batch = batch;
    this.#samplerHead = samplerHead;
    this.#policy = policy;
    this.#planner = planner;
    this.#width = width;
  }

  /** `width`: responses that are decoded side by side. `decides`: what decides what is revealed, where a rule does not. */
  static async open(
    folder: ModelFolder,
    tokenizer: Tokenizer,
    plan: TrainingPlan,
    width: number,
    threads: number,
    decides: { policy?: StoredPolicy; planner?: Pick<PlannerHeader, 'window' | 'unmasking'> } = {},
  ): Promise<SamplingEngine> {
    const ort = await loadOrt();
    const samplerHead = await OrtSamplerHead.open(ort, folder);
    const batch = await OrtBatch.open(ort, folder, threads, samplerHead, plan.adapters);
    const policy = decides.policy && (await OrtPolicy.open(ort, decides.policy));
    const planner = decides.planner && (await OrtPlanner.open(ort, folder.spec, threads, decides.planner));
    return new SamplingEngine(folder, tokenizer, batch, { samplerHead, policy, planner }, width);
  }

  /** Caches live no longer than a call of `sample`, so there are none to forget. */
  async push(values: ParameterValues, version: number): Promise<void> {
    // Where a policy is trained, all values are its.
    if (this.#policy) this.#policy.update(values);
    else this.#batch.update(values);
    const head = samplerHeadValues(values);
    if (head.size > 0) await this.#samplerHead?.update(head);
    this.#planner?.update(plannerValues(values));
    this.version = version;
  }

  /** Responses in the order of the jobs; `onDone` is told of each as soon as it is there. Rejects on abort. */
  async sample(
    jobs: readonly SampleJob[],
    signal: AbortSignal,
    onDone: (job: number, trajectory: Trajectory) => void,
  ): Promise<void> {
    const { spec } = this.#folder;
    const decoded: BatchJob[] = jobs.map(({ task, settings }) => {
      const request = answerRequest(task);
      const wanted = { ...request.settings, ...settings };
      const room = spec.maxPositions - (wanted.maxTokens ?? 0);
      return { promptIds: promptIds(request.prompt, spec, this.#tokenizer, room), settings: wanted };
    });
    const topK = Math.max(...decoded.map(({ settings }) => settings.topK ?? 0));
    await decodeBatch(this.#batch, this.#tokenizer, decoded, this.#width, {
      cancelled: () => signal.aborted,
      candidates: recordedCandidates(spec, { topK }),
      policy: this.#policy ?? this.#planner,
      policyInputs: this.#policy !== undefined,
      onDone: (job, trajectory) => onDone(job, this.#owned(trajectory)),
    });
    signal.throwIfAborted();
  }

  async release(): Promise<void> {
    await this.#batch.release();
    await this.#samplerHead?.release();
    await this.#policy?.release();
    await this.#planner?.release();
  }

  #owned(trajectory: DecodedTrajectory): Trajectory {
    return { ...trajectory, model: this.#folder.name, weights: this.#folder.weightsHash, device: 'cpu' };
  }
}
