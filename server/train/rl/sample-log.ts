import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { completionOf } from '../../eval/answer.ts';
import { replaceFile } from '../../files.ts';
import type { Trajectory } from '../../protocol.ts';
import type { Task } from '../../tasks/task.ts';
import type { RunFolder } from '../run/run-folder.ts';
import { rewardSums } from './advantage.ts';
import type { Recipe } from './recipe.ts';
import type { Group } from './rollout.ts';

const TRACES = 'traces';
/** Of the best tokens that a reveal was sampled among, so many are kept for looking at. */
const CANDIDATES = 3;

/** Writes the responses of a step: a row of samples.jsonl and a trace for each. */
export async function logSamples(
  run: RunFolder,
  step: number,
  groups: readonly Group[],
  tasks: readonly Task[],
  recipe: Recipe,
): Promise<void> {
  await mkdir(path.join(run.dir, TRACES), { recursive: true });
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const [g, group] of groups.entries()) {
    const rewards = rewardSums(group, recipe.rewards);
    for (const [i, { taskId, trajectory, weightsVersion, verdict, correct, expert }] of group.entries()) {
      const task = byId.get(taskId)!;
      const trace = `${TRACES}/${step}-${g}-${i}.trace.json`;
      await replaceFile(path.join(run.dir, trace), `${JSON.stringify(withFewCandidates(trajectory))}\n`);
      run.addSample({
        step,
        taskId,
        verdict: verdict.verdict,
        correct,
        reward: rewards[i],
        tpf: trajectory.tpf.denoise,
        tokens: trajectory.responseIds.length,
        stop: trajectory.stop,
        weightsVersion,
        ...(expert && { expert }),
        completion: completionOf(task, trajectory),
        reference: task.reference,
        trace,
      });
    }
  }
}

/** Without most candidates, and without what decisions were made of. */
function withFewCandidates(trajectory: Trajectory): Trajectory {
  const steps = trajectory.steps.map(({ decision, ...step }) => ({
    ...step,
    ...(decision && { decision: { ...decision, inputs: undefined } }),
    revealed: step.revealed.map((reveal) => ({
      ...reveal,
      candidates: reveal.candidates?.slice(0, CANDIDATES),
    })),
  }));
  return { ...trajectory, steps };
}
