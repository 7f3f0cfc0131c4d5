import { createHash } from 'node:crypto';

export type Language = 'python' | 'javascript' | 'typescript';

/** A programming task with tests, whatever file it came from. */
export interface Task {
  /** As in its file; numbers are kept as their decimal text. */
  id: string;
  /** What to write, in words. */
  text: string;
  language: Language;
  /** Name of the function that the tests call; empty when the reference alone says so. */
  entry: string;
  /** Code that stands before every completion (a signature with its docstring); empty when a completion is whole. */
  prefix: string;
  /** Code that follows the hole that a completion fills; left out where a completion ends the program. */
  suffix?: string;
  /** A solution that passes, without the prefix; empty when there is none. */
  reference: string;
  /** Code that runs before the tests, on the judge's side only. */
  setup: string;
  /** One or more asserts each; only a task with a suffix may be without. */
  tests: string[];
  /** How many of the tests the prompt shows, from the first on. */
  shown: number;
  /** 1 (one line) … 4 (several steps); 0 when not graded. */
  level: number;
  /** `train`, `heldout`, `test`, …; empty when the file does not say. */
  split: string;
}

/** Identifies what is asked and how it is judged: tasks with equal hashes are the same task. */
export function taskHash(task: Task): string {
  const { language, entry, prefix, suffix, reference, setup, tests } = task;
  const parts = [
    language,
    entry,
    prefix,
    reference,
    setup,
    ...tests,
    ...(suffix === undefined ? [] : [suffix]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}
