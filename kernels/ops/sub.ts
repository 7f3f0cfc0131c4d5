import { binary } from './elementwise.ts';

/** a − b. */
export const sub = binary(
  (a, b) => a - b,
  [(_call, _a, _b, dz) => dz, ({ graph }, _a, _b, dz) => graph.op('Neg', [dz])],
);
