import type { ModelFolder } from '../../models/model-folder.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type CheckpointBase, loadCheckpoint, markBest, saveCheckpoint } from '../run/checkpoint.ts';
import type { RunFolder, RunState } from '../run/run-folder.ts';
import { Skips } from '../run/skips.ts';
import { advantages } from './advantage.ts';
import { collectGroups } from './collect-groups.ts';
import { evaluateHeldOut, type HeldOut, isBetter } from './evaluation.ts';
import type { GrpoRow } from './grpo-row.ts';
import { policyResponses } from './policy-recipe.ts';
import type { Learner } from './policy-step.ts';
import { logSamples } from './sample-log.ts';
import type { SamplingEngine } from './sampling-engine.ts';
import type { GrpoSettings } from './settings.ts';
import { rolloutMetrics } from './step-metrics.ts';
import { stopwatch } from './stopwatch.ts';
import { easierLevel, type TaskSplit } from './task-split.ts';
import type { Teacher } from './teacher.ts';

/** What a run needs of the sandbox. */
export type RewardSandbox = Pick<Sandbox, 'verdict' | 'close'>;

/** What a run works with; all of it is released at its end. */
export interface Workshop {
  run: RunFolder;
  settings: GrpoSettings;
  folder: ModelFolder;
  base: CheckpointBase;
  tasks: TaskSplit;
  engine: SamplingEngine;
  trainer: Learner;
  /** Only where a reward asks for it. */
  teacher?: Teacher;
  sandbox: RewardSandbox;
  signal: AbortSignal;
}

/** Steps of one run, with its evaluations and checkpoints. */
export class GrpoLoop {
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
    // What was skipped changed nothing, and has no checkpoint that could be the best.
    if (evaluateEvery === 0 || step <= this.#evaluated || this.#skips.inARow > 0) return false;
    return step % evaluateEvery === 0 || step === steps;
  }

  async #evaluate(): Promise<void> {
    const { run, settings, tasks, engine, sandbox, signal } = this.#shop;
    const { step } = this.#state;
    const clock = stopwatch();
    const heldOut = await evaluateHeldOut(engine, sandbox, tasks.heldOut, settings, signal);
    const advice = step === 0 && heldOut.solved === 0 ? this.#advice(heldOut) : undefined;
    this.#report({ step, heldOut, seconds: { evaluation: clock() }, ...(advice && { advice }) });
    if (advice) run.log(advice);
    if (this.#noteEvaluation(step, heldOut) && step > 0) await markBest(run.dir, step);
  }

  /** What to do where no held-out task is solved; undefined where that is as it should be. */
  #advice(heldOut: HeldOut): string | undefined {
    const { settings, folder, tasks } = this.#shop;
    const { recipe, policyFile } = settings;
    if (!recipe.policy || policyFile !== '') return tooHard(folder.name, heldOut, tasks);
    // One that imitates need not be right before it has.
    if (policyResponses(recipe) === 0) return undefined;
    return (
      'A new policy reveals at random and solves no held-out task, so there is hardly anything to reward: ' +
      'begin with the preset ontrack, and give its policy as policyFile.'
    );
  }

  /** Returns whether it is the best so far. */
  #noteEvaluation(step: number, heldOut: HeldOut): boolean {
    this.#evaluated = step;
    const better = isBetter(heldOut, this.#best);
    if (better) this.#best = heldOut;
    return better;
  }

  async #step(): Promise<void> {
    const { run, settings, tasks, engine, trainer, teacher, sandbox, signal } = this.#shop;
    const { recipe } = settings;
    const { step } = this.#state;
    const whole = stopwatch();
    const groups = await collectGroups(
      engine,
      sandbox,
      tasks.train,
      settings,
      this.#prompts,
      signal,
      teacher,
    );
    const { sampled, kept, dropped, prompts, seconds } = groups;
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
