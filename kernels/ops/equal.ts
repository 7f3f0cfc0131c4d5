import { comparison } from './comparison.ts';

/** 1 where two tensors have the same element, otherwise 0. */
export const equal = comparison((a, b) => a === b);
