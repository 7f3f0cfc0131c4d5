import type { TrainingPlan } from '../../../kernels/training/parameters.ts';
import { defaultThreads } from '../../engine/threads.ts';
import { UserError } from '../../errors.ts';
import type { ModelFolder } from '../../models/model-folder.ts';
import { openModel } from '../../models/registry.ts';
import { loadTokenizer } from '../../models/tokenizer.ts';
import { Sandbox, type SandboxOptions } from '../../sandbox/sandbox.ts';
import {
  type CheckpointBase,
  checkpointBase,
  loadCheckpoint,
  markBest,
  saveCheckpoint,
} from '../run/checkpoint.ts';
import type { RunFolder, RunState } from '../run/run-folder.ts';
import { trainInFolder } from '../run/run-process.ts';
import { Skips } from '../run/skips.ts';
import { samplerHeadPlan } from '../sampler-head-weights.ts';
import { adapterPlan } from '../trained-weights.ts';
import { advantages } from './advantage.ts';
import { evaluateHeldOut, type HeldOut, isBetter } from './evaluation.ts';
import { GroupCollector } from './group-filter.ts';
import { type PolicyReport, PolicyTrainer } from './policy-trainer.ts';
import { promptAt } from './prompt-order.ts';
import { REPLAYERS } from './replay/index.ts';
import type { Group } from './rollout.ts';
import { sampleGroups } from './rollouts.ts';
import { logSamples } from './sample-log.ts';
import { SamplingEngine } from './sampling-engine.ts';
import type { GrpoSettings } from './settings.ts';
import { type RolloutMetrics, rolloutMetrics } from './step-metrics.ts';
import { easierLevel, splitTasks, type TaskSplit } from './task-split.ts';

/** Rows of metrics.jsonl; docs/rl.md says what each number means. */
export type GrpoRow = EvaluationRow | StepRow;

export interface EvaluationRow {
  /** Steps done. */
  step: number;
  heldOut: HeldOut;
  seconds: { evaluation: number };
  /** What the user should know before the run goes on. */
  advice?: string;
}

export interface StepRow extends RolloutMetrics, PolicyReport {
  /** Steps done, this one included. */
  step: number;
  /** Groups that were trained on, and how many were left out, by reason. */
  groups: number;
  dropped: Record<string, number>;
  /** Optimizer steps behind the weights that the next step samples with. */
  weightsVersion: number;
  tokensPerSecond: { rollout: number; reward: number; training: number };
  /** `reward` is what verdicts took after the rollouts; `checkpoint` is that of the step before. */
  seconds: Record<'rollout' | 'reward' | 'training' | 'sync' | 'checkpoint' | 'all', number>;
  /** Estimate, evaluations left aside. */
  secondsLeft: number;
  /** Resident bytes of this process. */
  memory: number;
}

/** What a run needs of the sandbox. */
export type RewardSandbox = Pick<Sandbox, 'verdict' | 'close'>;

/** What a run works with; all of it is released at its end. */
interface Workshop {
  run: RunFolder;
  settings: GrpoSettings;
  folder: ModelFolder;
  base: CheckpointBase;
  tasks: TaskSplit;
  engine: SamplingEngine;
  trainer: PolicyTrainer;
  sandbox: RewardSandbox;
  signal: AbortSignal;
}

/**
 * Reinforcement learning in a run folder: from its newest checkpoint, or from the start where it has none, until the last
 * step, an abort or a request to stop. What is aborted in the middle of a step is taken again by a resume: a step depends
 * on nothing but the settings, its number and the checkpoint before it. Throws UserError for settings, models and tasks
 * that cannot be used, for a folder in use, for a full disk, and when numbers stop being finite.
 */
export function runGrpo(
  run: RunFolder,
  settings: GrpoSettings,
  signal: AbortSignal,
  onRow: (row: GrpoRow) => void,
  openSandbox: (options: Partial<SandboxOptions>) => Promise<RewardSandbox> = Sandbox.open,
): Promise<RunState> {
  return trainInFolder(run, settings.steps, async (state) => {
    const folder = await openModel(settings.model);
    if (folder.spec.stopTokenIds.length === 0) {
      throw new UserError(
        `${folder.name} has no stop token, so its responses have no end: use another model.`,
      );
    }
    const { replay, decode } = settings.recipe;
    const misfit = REPLAYERS[replay.replayer].misfit(folder.spec, decode, replay);
    if (misfit) throw new UserError(`the replayer ${replay.replayer} does not fit this run: ${misfit}.`);
    const tasks = await splitTasks(run, settings.tasks, settings.level);
    const plan = policyPlan(folder, settings);
    const base = await checkpointBase(folder);
    const threads = settings.threads || defaultThreads();
    const sandbox = await openSandbox({ timeoutMs: settings.timeout * 1000 });
    const opened: { release(): Promise<void> }[] = [];
    const open = async <T extends { release(): Promise<void> }>(part: Promise<T>) => {
      opened.push(await part);
      return part;
    };
    try {
      const tokenizer = await loadTokenizer(folder);
      const trainer = await open(PolicyTrainer.open(folder, plan, settings));
      const engine = await open(
        SamplingEngine.open(folder, tokenizer, plan, settings.samplesTogether, threads),
      );
      const workshop = { run, settings, folder, base, tasks, engine, trainer, sandbox, signal };
      return await new Loop(workshop, state, onRow).run();
    } finally {
      sandbox.close();
      for (const part of opened) await part.release();
    }
  });
}

/** Adapters, and the sampler head where it takes part in what is decided. */
function policyPlan(folder: ModelFolder, settings: GrpoSettings): TrainingPlan {
  const chained = folder.spec.samplerHead && settings.recipe.decode.mode !== 'ar';
  return {
    tensors: new Set(),
    adapters: adapterPlan(folder, { ...settings, gated: false }),
    ...(chained && { samplerHead: samplerHeadPlan(folder) }),
  };
}

class Loop {
  readonly #shop: Workshop;
  readonly #onRow: (row: GrpoRow) => void;
  readonly #skips = new Skips();
  #state: RunState;
  /** Prompts that have been drawn. */
  #prompts = 0;
  /** Step of the last evaluation. */
  #evaluated = -1;
  #best: HeldOut | undefined;
  #checkpointSeconds = 0;

  constructor(workshop: Workshop, state: RunState, onRow: (row: GrpoRow) => void) {
    this.#shop = workshop;
    this.#state = state;
    this.#onRow = onRow;
  }

  async run(): Promise<RunState> {
    const { run, settings, signal } = this.#shop;
    await this.#resume();
    let saved = this.#state.step;
    try {
      while (!run.stopRequested) {
        if (this.#evaluationIsDue) await this.#evaluate();
        if (this.#state.step === settings.steps) break;
        await this.#step();
        const { step } = this.#state;
        // A step that was skipped is no state to go back to.
        if ((step % settings.checkpointEvery === 0 || this.#evaluationIsDue) && this.#skips.inARow === 0) {
          await this.#save();
          saved = step;
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (saved < this.#state.step && this.#skips.inARow === 0) await this.#save();
    const status = this.#state.step < settings.steps ? 'stopped' : 'done';
    return { ...this.#state, status };
  }

  async #resume(): Promise<void> {
    const { run, folder, base, trainer, engine } = this.#shop;
    const checkpoint = await loadCheckpoint(run.dir, base);
    if (checkpoint) {
      const { step, optimizerSteps, prompts = 0 } = checkpoint.manifest;
      trainer.trained.restore(checkpoint.arrays, optimizerSteps);
      this.#state = { ...this.#state, step };
      this.#prompts = prompts;
    }
    await run.keepSteps(this.#state.step);
    for (const { step, heldOut } of await run.metrics()) {
      if (heldOut) this.#noteEvaluation(Number(step), heldOut as HeldOut);
    }
    await engine.push(trainer.trained.values, trainer.trained.optimizerSteps);
    run.log(checkpoint ? `resumed after step ${this.#state.step}` : `started on ${folder.name}`);
  }

  get #evaluationIsDue(): boolean {
    const { evaluateEvery, steps } = this.#shop.settings;
    const { step } = this.#state;
    return evaluateEvery > 0 && step > this.#evaluated && (step % evaluateEvery === 0 || step === steps);
  }

  async #evaluate(): Promise<void> {
    const { run, settings, tasks, engine, sandbox, signal, folder } = this.#shop;
    const { step } = this.#state;
    const clock = stopwatch();
    const heldOut = await evaluateHeldOut(engine, sandbox, tasks.heldOut, settings, signal);
    const advice = step === 0 && heldOut.solved === 0 ? tooHard(folder.name, heldOut, tasks) : undefined;
    this.#report({ step, heldOut, seconds: { evaluation: clock() }, ...(advice && { advice }) });
    if (advice) run.log(advice);
    if (this.#noteEvaluation(step, heldOut) && step > 0) await markBest(run.dir, step);
  }

  /** Returns whether it is the best so far. */
  #noteEvaluation(step: number, heldOut: HeldOut): boolean {
    this.#evaluated = step;
    const better = isBetter(heldOut, this.#best);
    if (better) this.#best = heldOut;
    return better;
  }

  async #step(): Promise<void> {
    const { run, settings, tasks, engine, trainer } = this.#shop;
    const { recipe } = settings;
    const { step } = this.#state;
    const whole = stopwatch();
    const { sampled, kept, dropped, seconds, prompts } = await this.#collect();
    const clock = stopwatch();
    const trained = await trainer.update(step, kept, advantages(kept, recipe.rewards, recipe.advantage));
    const training = clock();
    await engine.push(trainer.trained.values, trainer.trained.optimizerSteps);
    const sync = clock();
    await logSamples(run, step + 1, sampled, tasks.train, recipe);
    const all = whole();
    const tokens = sampled.flat().reduce((sum, { trajectory }) => sum + trajectory.responseIds.length, 0);
    this.#prompts = prompts;
    this.#state = { ...this.#state, step: step + 1 };
    this.#report({
      step: step + 1,
      ...rolloutMetrics(sampled, recipe),
      groups: kept.length,
      dropped: Object.fromEntries(dropped),
      ...trained,
      weightsVersion: engine.version,
      tokensPerSecond: {
        rollout: tokens / seconds.rollout,
        reward: tokens / (seconds.rollout + seconds.reward),
        training: trained.tokens / training,
      },
      seconds: { ...seconds, training, sync, checkpoint: this.#checkpointSeconds, all },
      secondsLeft: all * (settings.steps - step - 1),
      memory: process.memoryUsage.rss(),
    });
    if (trained.drift && trained.drift.mean > settings.driftAlarm) {
      const mean = trained.drift.mean.toFixed(4);
      run.log(`alarm: log-probabilities of engine and trainer differ by ${mean} on average`);
    }
    await run.setState(this.#state);
    this.#skips.note(trained.skipped, step + 1);
  }

  /** Samples groups until enough of them teach something, or no more may be drawn. */
  async #collect() {
    const { settings, tasks, engine, sandbox, signal } = this.#shop;
    const { recipe, seed } = settings;
    const collector = new GroupCollector(recipe.promptsPerStep, recipe.filter, recipe.rewards);
    const sampled: Group[] = [];
    const seconds = { rollout: 0, reward: 0 };
    let prompts = this.#prompts;
    while (collector.missing > 0) {
      const first = prompts;
      const chosen = Array.from({ length: collector.missing }, (_, i) => {
        return tasks.train[promptAt(seed, tasks.train.length, first + i)];
      });
      prompts += chosen.length;
      const { groupSize, decode } = recipe;
      const request = { decode, groupSize, seed, first: first * groupSize };
      const rollouts = await sampleGroups(engine, sandbox, chosen, request, signal);
      for (const group of rollouts.groups) {
        collector.add(group);
        sampled.push(group);
      }
      seconds.rollout += rollouts.seconds.rollout;
      seconds.reward += rollouts.seconds.reward;
    }
    return { sampled, kept: collector.kept, dropped: collector.dropped, seconds, prompts };
  }

  async #save(): Promise<void> {
    const { run, base, trainer } = this.#shop;
    const clock = stopwatch();
    const { optimizerSteps } = trainer.trained;
    await saveCheckpoint(
      run.dir,
      { step: this.#state.step, optimizerSteps, prompts: this.#prompts, ...base },
      trainer.trained.arrays(),
      (dir) => trainer.write(dir),
    );
    this.#checkpointSeconds = clock();
  }

  #report(row: GrpoRow): void {
    this.#shop.run.addMetrics({ ...row });
    this.#onRow(row);
  }
}

function tooHard(model: string, { tasks: count }: HeldOut, { train }: TaskSplit): string {
  const level = easierLevel(train);
  const advice = level === undefined ? 'give it easier tasks' : `try --set level=${level}`;
  return `${model} solves none of the ${count} held-out tasks, so there is hardly anything to reward: ${advice}.`;
}

/** Seconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - last) / 1000;
    last = now;
    return seconds;
  };
}
