import { comparison } from './comparison.ts';

/** 1 where a ≤ b, otherwise 0. */
export const lessOrEqual = comparison((a, b) => a <= b);
