import type { ParameterValues } from '../feeds.ts';

/** Gives the engine that samples the weights that the trainer has. */
export interface Syncer {
  /**
   * Responses that begin after it are sampled with these weights and carry this version. Caches of the old weights are
   * forgotten. No response may be in the making.
   */
  push(values: ParameterValues, version: number): Promise<void>;
}
