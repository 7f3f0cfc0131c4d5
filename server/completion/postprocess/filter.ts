import type { Context } from '../context.ts';
import type { Extent } from '../plan.ts';

/** A completion on its way through the filters. */
export interface Draft {
  /** Text to insert at the cursor, line ends `\n`. */
  text: string;
  /** Characters after the cursor, on its line, that the text replaces. */
  replaced: number;
  /** Probability of each line of the model's answer: the product of its tokens', 0 … 1; NaN where none begins. */
  lineConfidences: readonly number[];
}

/** What a filter may look at. */
export interface Situation {
  context: Context;
  extent: Extent;
  manual: boolean;
  /** 0 … 1; −1 lets everything pass. */
  minConfidence: number;
  /** The answer ends where the token limit cut it off. */
  cutOff: boolean;
}

/** Improves a draft, or drops it by returning null. Pure. */
export type Filter = (draft: Draft, situation: Situation) => Draft | null;
