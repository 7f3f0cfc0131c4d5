import type { DenoiserSpec } from '../models/spec.ts';
import { maskId, type Rows } from './rows.ts';

/** Masked positions behind the first `after` pending tokens, for the case that just these stand. */
export interface PendingWindow {
  after: number;
  /** The first of its rows among those of the forward. */
  first: number;
  /** One row for each of its positions but the last, since a row predicts its successor. */
  rows: number;
}

/**
 * Behind how many of the pending tokens, a settled one and a proposal for each of `probabilities`, windows are worth their
 * rows: wherever decoding goes on with a chance of at least `least`, if proposals are right as often as their
 * probabilities say, and at the likeliest place in any case.
 */
export function windowPlaces(probabilities: readonly number[], least: number): number[] {
  let standing = 1;
  const chances = [...probabilities, 0].map((probability) => {
    const chance = standing * (1 - probability);
    standing *= probability;
    return chance;
  });
  const enough = Math.min(least, Math.max(...chances));
  return chances.flatMap((chance, i) => (chance >= enough ? [i + 1] : []));
}

/**
 * The rows of verified decoding: the pending tokens as clean rows, then those of each window, which see the cache, the
 * pending tokens before it and each other. `cached` is the position of the first pending token.
 */
export function pendingRows(
  spec: DenoiserSpec,
  cached: number,
  pending: readonly number[],
  windows: readonly PendingWindow[],
): Rows {
  const noisy = windows.flatMap((window) => Array<PendingWindow>(window.rows).fill(window));
  const clean = pending.length;
  return {
    ids: [...pending, ...noisy.map(() => maskId(spec))],
    positions: [
      ...pending.map((_, i) => cached + i),
      ...windows.flatMap(({ after, rows }) => Array.from({ length: rows }, (_, i) => cached + after + i)),
    ],
    visible: (row, column) => {
      if (row < clean) return column <= cached + row;
      const window = noisy[row - clean];
      return column < cached + window.after || noisy[column - cached - clean] === window;
    },
  };
}
