import { ratioOfSums } from '../../eval/tpf.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Task } from '../../tasks/task.ts';
import { usedDecode } from './policy-recipe.ts';
import { sampleGroups } from './rollouts.ts';
import type { SamplingEngine } from './sampling-engine.ts';
import type { GrpoSettings } from './settings.ts';

/** How the policy does on tasks that it does not learn from, decoded greedily. */
export interface HeldOut {
  /** Share of the tasks whose response passes. */
  passAt1: number;
  solved: number;
  tasks: number;
  /** Ratios of sums: by denoising forwards, and by all calls except prefill. */
  tpf: number;
  tpfTotal: number;
}

/** Rejects on abort. */
export async function evaluateHeldOut(
  engine: SamplingEngine,
  sandbox: Pick<Sandbox, 'verdict'>,
  tasks: readonly Task[],
  { recipe, seed }: GrpoSettings,
  signal: AbortSignal,
): Promise<HeldOut> {
  const { groups } = await sampleGroups(
    engine,
    sandbox,
    tasks,
    { decode: usedDecode(recipe), groupSize: 1, seed, first: 0 },
    signal,
  );
  const rollouts = groups.flat();
  const solved = rollouts.filter(({ correct }) => correct).length;
  const { denoise, total } = ratioOfSums(
    rollouts.map(({ trajectory }) => ({
      tokens: trajectory.responseIds.length,
      forwards: trajectory.forwards,
    })),
  );
  return { passAt1: solved / tasks.length, solved, tasks: tasks.length, tpf: denoise, tpfTotal: total };
}

/** Whether `now` is the better result: more tasks solved, or as many in fewer forwards. */
export function isBetter(now: HeldOut, before: HeldOut | undefined): boolean {
  if (!before || now.solved !== before.solved) return now.solved > (before?.solved ?? -1);
  return now.tpf > before.tpf;
}
