import type { DenoiserSpec } from '../../models/spec.ts';
import type { ForwardResult } from '../denoiser.ts';
import type { Choice } from '../recorder.ts';
import type { Rows } from '../rows.ts';
import type { Span } from './deciding.ts';

/**
 * The rows that a policy looks at which sees more than what it decides about. With full and block attention they are all
 * rows of the forward; for a causal model those that predict the window's positions, the first of which may be a clean row
 * of an earlier forward.
 */
export interface SeenRows {
  /** Where they stand in the text, [seen]. */
  positions: readonly number[];
  /** Their normed states, [seen, hiddenSize]. */
  hidden: Float32Array;
  /** Whether the position that a row predicts is masked and may be revealed, [seen]. */
  eligible: readonly boolean[];
  /** 1 − masked positions / seen rows. */
  time: number;
  /** The row that predicts each of the window's positions; −1 where none does. */
  predictors: readonly number[];
}

/** Rows of a forward with their normed states, [rows, hiddenSize]. */
export interface FedRows {
  rows: Rows;
  hidden: Float32Array;
}

export function seenRows(
  { cleanAttention, logitShift, maskTokenId }: DenoiserSpec,
  promptLength: number,
  { rows, hidden }: FedRows,
  choices: readonly Choice[],
  span: Span,
): SeenRows {
  const size = hidden.length / rows.ids.length;
  const predictor = (position: number) => promptLength + position - logitShift;
  const inWindow = Array.from({ length: span.size }, (_, i) => predictor(span.start + i));
  const causal = cleanAttention === 'causal';
  const positions = causal ? inWindow : rows.positions;
  const chosenFor = new Map(choices.map((choice) => [predictor(choice.position), choice]));
  const states = new Float32Array(positions.length * size);
  for (const [i, position] of positions.entries()) {
    const row = rows.positions.indexOf(position);
    const state =
      row < 0 ? chosenFor.get(position)?.distribution.hidden : hidden.subarray(row * size).subarray(0, size);
    if (!state) throw new Error('A policy sees a row whose state is not known.');
    states.set(state, i * size);
  }
  const masked = causal ? choices.length : rows.ids.filter((id) => id === maskTokenId).length;
  return {
    positions,
    hidden: states,
    eligible: positions.map((position) => chosenFor.has(position)),
    time: 1 - masked / positions.length,
    predictors: inWindow.map((position) => positions.indexOf(position)),
  };
}

/** What a forward returned for some of its selected rows, by their places. */
export function picked(result: ForwardResult, places: readonly number[]): ForwardResult {
  const count = result.logSumExp.length;
  const rowsOf = <A extends Float32Array | Int32Array>(all: A): A => {
    const width = all.length / count;
    const some = all.slice(0, places.length * width) as A;
    for (const [i, place] of places.entries()) {
      some.set(all.subarray(place * width, (place + 1) * width), i * width);
    }
    return some;
  };
  return {
    topIds: rowsOf(result.topIds),
    topLogits: rowsOf(result.topLogits),
    logSumExp: rowsOf(result.logSumExp),
    ...(result.hidden && { hidden: rowsOf(result.hidden) }),
    ...(result.entropy && { entropy: rowsOf(result.entropy) }),
    commit: (rows) => result.commit(rows),
  };
}
