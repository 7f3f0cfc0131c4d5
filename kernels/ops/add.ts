import { binary } from './elementwise.ts';

/** a + b. */
export const add = binary((a, b) => a + b, [(_call, _a, _b, dz) => dz, (_call, _a, _b, dz) => dz]);
