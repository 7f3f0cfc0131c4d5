import { type Task, taskHash } from './task.ts';

const SHARE = 1 / 5;

/**
 * Sets a fifth of the tasks aside, at least one of two or more, by which a training is measured: split `heldout`, the
 * others `train`. Which ones depends on the tasks alone, not on their order.
 */
export function holdOut(tasks: readonly Task[]): Task[] {
  const count = tasks.length < 2 ? 0 : Math.ceil(tasks.length * SHARE);
  const heldOut = new Set(tasks.map(taskHash).sort().slice(0, count));
  return tasks.map((task) => ({ ...task, split: heldOut.has(taskHash(task)) ? 'heldout' : 'train' }));
}
