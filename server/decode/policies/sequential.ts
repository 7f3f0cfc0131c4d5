import type { Policy } from './policy.ts';

/** From left to right. */
export const sequential: Policy = (choices, least) => choices.slice(0, least);
