import { seedOf } from '../../decode/random.ts';
import { completionOf } from '../../eval/answer.ts';
import type { DecodeSettings, Trajectory } from '../../protocol.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { assembleProgram } from '../../tasks/program.ts';
import type { Task } from '../../tasks/task.ts';
import { type Group, isCorrect, type Rollout } from './rollout.ts';
import type { SamplingEngine } from './sampling-engine.ts';

/** What responses are sampled with. */
export interface RolloutSettings {
  decode: Partial<DecodeSettings>;
  groupSize: number;
  /** The last so many responses of every group are decoded otherwise. */
  experts?: { count: number; decode: Partial<DecodeSettings> };
  /** Of the run, and the number of the first response in it: no two of them have the same random numbers. */
  seed: number;
  first: number;
}

export interface Rollouts {
  /** In the order of the tasks. */
  groups: Group[];
  /** Sampling, and what verdicts took after it; most are reached while later responses are sampled. */
  seconds: { rollout: number; reward: number };
}

/** Samples a group of responses to every task and has them judged. Rejects on abort. */
export async function sampleGroups(
  engine: SamplingEngine,
  sandbox: Pick<Sandbox, 'verdict'>,
  tasks: readonly Task[],
  { decode, groupSize, experts, seed, first }: RolloutSettings,
  signal: AbortSignal,
): Promise<Rollouts> {
  const jobs = tasks.flatMap((task, t) =>
    Array.from({ length: groupSize }, (_, i) => {
      const expert = i >= groupSize - (experts?.count ?? 0);
      const chosen = expert ? experts!.decode : decode;
      // Proposals are what a replay can compute again, the network's own.
      const own = chosen.mode === 'verified' && { lookup: 0 };
      const settings = { ...chosen, ...own, seed: seedOf(seed, first + t * groupSize + i) };
      return { task, expert, settings };
    }),
  );
  const judged: Promise<Rollout>[] = [];
  const began = performance.now();
  await engine.sample(jobs, signal, (job, trajectory) => {
    judged[job] = judge(jobs[job], trajectory, engine.version, sandbox, signal);
    // A failure is met below.
    judged[job].catch(() => {});
  });
  const sampled = performance.now();
  const rollouts = await Promise.all(judged);
  const seconds = { rollout: (sampled - began) / 1000, reward: (performance.now() - sampled) / 1000 };
  return { groups: tasks.map((_, t) => rollouts.slice(t * groupSize, (t + 1) * groupSize)), seconds };
}

async function judge(
  { task, expert }: { task: Task; expert: boolean },
  trajectory: Trajectory,
  weightsVersion: number,
  sandbox: Pick<Sandbox, 'verdict'>,
  signal: AbortSignal,
): Promise<Rollout> {
  const code = assembleProgram(task, completionOf(task, trajectory));
  const verdict = await sandbox.verdict({ task, code }, signal);
  const correct = isCorrect(verdict, trajectory);
  return { taskId: task.id, trajectory, weightsVersion, verdict, correct, expert };
}
