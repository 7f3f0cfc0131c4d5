import { confidence } from './confidence.ts';
import { cutOffLine } from './cut-off-line.ts';
import { doubledBrackets } from './doubled-brackets.ts';
import type { Draft, Filter, Situation } from './filter.ts';
import { indentation } from './indentation.ts';
import { leadingSpace } from './leading-space.ts';
import { lineEnds } from './line-ends.ts';
import { minimum } from './minimum.ts';
import { onlySpace } from './only-space.ts';
import { repeatedSuffix } from './repeated-suffix.ts';
import { repetition } from './repetition.ts';
import { scope } from './scope.ts';
import { singleLine } from './single-line.ts';
import { trailingSpace } from './trailing-space.ts';

/** Applied once to an answer of the model; the result is cached and serves all positions along it. */
const BEFORE_CACHE: readonly Filter[] = [
  confidence,
  singleLine,
  cutOffLine,
  leadingSpace,
  indentation,
  scope,
  repetition,
  repeatedSuffix,
  trailingSpace,
  minimum,
];

/** Applied for every position, also to what is left of a cached completion after some of it was typed. */
const AFTER_CACHE: readonly Filter[] = [doubledBrackets, onlySpace, lineEnds];

/** The model's answer as it may be shown at the position it was asked for, or null. */
export function polishAnswer(draft: Draft, situation: Situation): Draft | null {
  return apply(BEFORE_CACHE, draft, situation);
}

/** A polished answer, or the rest of one, as it fits the position of the cursor now; or null. */
export function fitToCursor(draft: Draft, situation: Situation): Draft | null {
  return apply(AFTER_CACHE, draft, situation);
}

function apply(filters: readonly Filter[], draft: Draft, situation: Situation): Draft | null {
  let current: Draft | null = draft;
  for (const filter of filters) {
    current = filter(current, situation);
    if (!current) return null;
  }
  return current;
}
