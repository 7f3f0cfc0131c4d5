import { UserError } from '../errors.ts';

/** What `work` returns, or the sentence of the UserError that it throws. */
export function orProblem<T>(work: () => T): T | { problem: string } {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message };
    throw error;
  }
}
