import type { ReplayState, ScoredToken } from './replay/replayer.ts';

/** A response with its states and what the objective makes of it. */
export interface ReplayedResponse {
  promptIds: readonly number[];
  responseIds: readonly number[];
  states: readonly ReplayState[];
}

/** A scored token, the row that predicts it, and where it belongs. */
export interface ScoredRow extends ScoredToken {
  row: number;
  /** Which of the responses, and which of its states. */
  response: number;
  state: number;
}

/**
 * Rows of one forward that score responses: `[prompt | clean rows of response 1 | its states | clean rows of response 2 | …]`,
 * the prompt once for all responses to it. A state's rows see the clean rows before its start and each other.
 */
export interface PolicyRows {
  ids: readonly number[];
  positions: readonly number[];
  visible(row: number, column: number): boolean;
  /** By response, state and position. */
  scored: readonly ScoredRow[];
}
