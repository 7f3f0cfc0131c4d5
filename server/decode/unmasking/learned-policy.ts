import type { UnmaskingName } from './index.ts';
import type { SeenRows } from './seen-rows.ts';

/** What a learned policy sees of one step: a row for each of the window's consecutive positions, from left to right. */
export interface PolicyView {
  /** Whether the position is masked and may be revealed, [rows]. */
  eligible: readonly boolean[];
  /** Probabilities of the position's best tokens, falling, [rows, confidences]; 1, 0, 0, … where it may not be revealed. */
  confidences: Float32Array;
  /**
   * Normed state of the row that predicts the position, [rows, hiddenSize], zeros where it may not be revealed; only for
   * policies that ask for it.
   */
  hidden?: Float32Array;
  /** Denoising forwards before this one, in parts of the longest response. */
  time: number;
  /** Only for policies that ask for it. */
  seen?: SeenRows;
}

/** A network that decides what a step reveals. What it is asked never changes what the denoiser says of a token. */
export interface LearnedPolicy {
  /** How its logits become an action. */
  readonly unmasking: UnmaskingName;
  /** They are divided by it first. */
  readonly temperature: number;
  /** Most rows of a view: positions of a window. */
  readonly window: number;
  /** Probabilities that it sees of each position. */
  readonly confidences: number;
  /** Whether it sees hidden states. */
  readonly hidden: boolean;
  /** Whether it sees rows beside those that it decides about. */
  readonly seesRows?: boolean;
  /** A number for every row, [rows]; those of positions that may not be revealed mean nothing. */
  logits(view: PolicyView): Promise<ArrayLike<number>>;
}
