import type { TrainingPlan } from '../../../kernels/training/parameters.ts';
import { defaultThreads } from '../../engine/threads.ts';
import { UserError } from '../../errors.ts';
import type { ModelFolder } from '../../models/model-folder.ts';
import { openModel } from '../../models/registry.ts';
import { loadTokenizer } from '../../models/tokenizer.ts';
import { Sandbox, type SandboxOptions } from '../../sandbox/sandbox.ts';
import { storedPlanner } from '../planner-weights.ts';
import { checkpointBase } from '../run/checkpoint.ts';
import type { RunFolder, RunState } from '../run/run-folder.ts';
import { trainInFolder } from '../run/run-process.ts';
import { samplerHeadPlan } from '../sampler-head-weights.ts';
import { adapterPlan } from '../trained-weights.ts';
import { GrpoLoop, type RewardSandbox } from './grpo-loop.ts';
import type { GrpoRow } from './grpo-row.ts';
import type { Learner } from './policy-step.ts';
import { PolicyTrainer } from './policy-trainer.ts';
import { REPLAYERS } from './replay/index.ts';
import { SamplingEngine } from './sampling-engine.ts';
import type { GrpoSettings } from './settings.ts';
import { splitTasks } from './task-split.ts';
import { Teacher } from './teacher.ts';
import { initialPolicy } from './unmasking/initial-policy.ts';
import { UnmaskingTrainer } from './unmasking/unmasking-trainer.ts';

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
    if (replay.unmasking && replay.replayer !== 'exact') {
      throw new UserError(
        `the replayer ${replay.replayer} does not score the decisions of a planner: use exact.`,
      );
    }
    const planner = replay.unmasking && (await storedPlanner(folder, settings.policyFile));
    const tasks = await splitTasks(run, settings.tasks, settings.level);
    const policy = settings.recipe.policy && (await initialPolicy(folder, settings));
    const plan = policy ? FROZEN : policyPlan(folder, settings);
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
      const trainer: Learner = await open<Learner>(
        policy
          ? UnmaskingTrainer.open(settings, policy)
          : PolicyTrainer.open(folder, plan, settings, planner),
      );
      const decides = {
        policy,
        ...(planner && { planner: { ...planner.header, unmasking: replay.unmasking! } }),
      };
      const engine = await open(
        SamplingEngine.open(folder, tokenizer, plan, settings.samplesTogether, threads, decides),
      );
      const asks = settings.recipe.rewards.some(({ term }) => term === 'teacher');
      const teacher = asks ? await open(openTeacher(settings.teacher, folder, threads)) : undefined;
      const workshop = { run, settings, folder, base, tasks, engine, trainer, teacher, sandbox, signal };
      return await new GrpoLoop(workshop, state, onRow).run();
    } finally {
      sandbox.close();
      for (const part of opened) await part.release();
    }
  });
}

const FROZEN: TrainingPlan = { tensors: new Set() };

async function openTeacher(dir: string, student: ModelFolder, threads: number): Promise<Teacher> {
  return Teacher.open(dir === '' ? student : await openModel(dir), student, threads);
}

/** Adapters, the planner where the recipe has one, and the sampler head where it takes part in what is decided. */
function policyPlan(folder: ModelFolder, settings: GrpoSettings): TrainingPlan {
  const chained = folder.spec.samplerHead && settings.recipe.decode.mode !== 'ar';
  return {
    tensors: new Set(),
    adapters: adapterPlan(folder, { ...settings, gated: false }),
    ...(chained && { samplerHead: samplerHeadPlan(folder) }),
    planner: settings.recipe.replay.unmasking !== undefined,
  };
}
