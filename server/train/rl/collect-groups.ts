import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Task } from '../../tasks/task.ts';
import { shuffledAt } from '../shuffled.ts';
import { type DropReason, GroupCollector } from './group-filter.ts';
import { learningDecode } from './policy-recipe.ts';
import type { Group } from './rollout.ts';
import { sampleGroups } from './rollouts.ts';
import type { SamplingEngine } from './sampling-engine.ts';
import type { GrpoSettings } from './settings.ts';
import type { Teacher } from './teacher.ts';

/** The groups of one step. */
export interface CollectedGroups {
  /** All that were sampled, and those of them to train on. */
  sampled: Group[];
  kept: readonly Group[];
  dropped: ReadonlyMap<DropReason, number>;
  /** Prompts that have been drawn, those of earlier steps included. */
  prompts: number;
  seconds: { rollout: number; reward: number };
}

/**
 * Samples groups until enough of them teach something, or no more may be drawn. `prompts` were drawn before: which tasks
 * come next, and with which random numbers, depends on nothing else. Rejects on abort.
 */
export async function collectGroups(
  engine: SamplingEngine,
  sandbox: Pick<Sandbox, 'verdict'>,
  tasks: readonly Task[],
  { recipe, seed }: GrpoSettings,
  prompts: number,
  signal: AbortSignal,
  teacher?: Pick<Teacher, 'marked'>,
): Promise<CollectedGroups> {
  const { groupSize } = recipe;
  const decode = learningDecode(recipe);
  const experts = recipe.policy?.experts && {
    ...recipe.policy.experts,
    decode: { ...recipe.decode, ...recipe.policy.experts.decode },
  };
  const collector = new GroupCollector(recipe.promptsPerStep, recipe.filter, recipe.rewards);
  const sampled: Group[] = [];
  const seconds = { rollout: 0, reward: 0 };
  let drawn = prompts;
  while (collector.missing > 0) {
    const chosen = Array.from(
      { length: collector.missing },
      (_, i) => tasks[shuffledAt(seed, tasks.length, drawn + i)],
    );
    const settings = { decode, groupSize, experts, seed, first: drawn * groupSize };
    const rollouts = await sampleGroups(engine, sandbox, chosen, settings, signal);
    drawn += chosen.length;
    const judged = performance.now();
    for (const rollout of rollouts.groups) {
      const group = teacher ? await teacher.marked(rollout) : rollout;
      collector.add(group);
      sampled.push(group);
    }
    seconds.reward += (performance.now() - judged) / 1000;
    seconds.rollout += rollouts.seconds.rollout;
    seconds.reward += rollouts.seconds.reward;
  }
  return { sampled, kept: collector.kept, dropped: collector.dropped, prompts: drawn, seconds };
}
