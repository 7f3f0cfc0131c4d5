import type { DenoiserSpec } from '../models/spec.ts';
import { maskId, type Rows } from './rows.ts';

/** A token in place of one of the pending proposals, fed beside it for the case that it is the one that stands. */
export interface Alternative {
  /** How many pending tokens stand before it. */
  after: number;
  id: number;
  /** Of standing there, if all proposals are right as often as their probabilities say. */
  chance: number;
}

/** Masked positions behind the first `after` pending tokens, for the case that just these stand. */
export interface PendingWindow {
  after: number;
  /** The last of these is not the proposal but its alternative. */
  alternative?: boolean;
  /** The first of its rows among those of the forward. */
  first: number;
  /** One row for each of its positions but the last, since a row predicts its successor. */
  rows: number;
}

/** What one forward of verified decoding is fed, in this order. */
export interface PendingRows {
  /** Pending tokens, as clean rows. */
  clean: readonly number[];
  alternative?: Alternative;
  windows: readonly PendingWindow[];
}

/**
 * Behind how many of the pending tokens, a settled one and a proposal for each of `probabilities`, windows are worth their
 * rows: wherever decoding goes on with a chance of at least `least`, if proposals are right as often as their
 * probabilities say, and at the likeliest place in any case. Where an alternative is fed too, it may go on behind that.
 */
export function windowPlaces(
  probabilities: readonly number[],
  least: number,
  alternative?: Alternative,
): number[] {
  let standing = 1;
  const chances = [...probabilities, 0].map((probability, i) => {
    const chance = standing * (1 - probability);
    standing *= probability;
    return alternative?.after === i + 1 ? Math.max(0, chance - alternative.chance) : chance;
  });
  const enough = Math.min(least, Math.max(...chances));
  return chances.flatMap((chance, i) => (chance >= enough ? [i + 1] : []));
}

/**
 * The rows of verified decoding: the pending tokens as clean rows; an alternative to one of them, which sees the cache and
 * those before it; then those of each window, which see the cache, the tokens before it and each other. `cached` is the
 * position of the first pending token.
 */
export function pendingRows(
  spec: DenoiserSpec,
  cached: number,
  { clean, alternative, windows }: PendingRows,
): Rows {
  const noisy = windows.flatMap((window) => Array<PendingWindow>(window.rows).fill(window));
  const others = alternative ? [alternative] : [];
  const tokens = clean.length + others.length;
  return {
    ids: [...clean, ...others.map(({ id }) => id), ...noisy.map(() => maskId(spec))],
    positions: [
      ...clean.map((_, i) => cached + i),
      ...others.map(({ after }) => cached + after),
      ...windows.flatMap(({ after, rows }) => Array.from({ length: rows }, (_, i) => cached + after + i)),
    ],
    visible: (row, column) => {
      const seen = column - cached;
      if (row < clean.length) return seen <= row;
      if (row < tokens) return seen < others[0].after || seen === row;
      const window = noisy[row - tokens];
      if (noisy[seen - tokens] === window) return true;
      return window.alternative ? seen < window.after - 1 || seen === clean.length : seen < window.after;
    },
  };
}
