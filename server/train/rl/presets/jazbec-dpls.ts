import type { Recipe } from '../recipe.ts';
import { jazbec } from './jazbec.ts';

/** The same with dynamic Plackett–Luce sampling (paper, appendix): every step reveals something, in an order. */
export const jazbecDpls: Recipe = { ...jazbec, policy: { ...jazbec.policy!, unmasking: 'dpls' } };
