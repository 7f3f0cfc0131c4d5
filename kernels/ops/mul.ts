import { binary } from './elementwise.ts';

/** a·b. */
export const mul = binary(
  (a, b) => a * b,
  [({ graph }, _a, b, dz) => graph.op('Mul', [dz, b]), ({ graph }, a, _b, dz) => graph.op('Mul', [dz, a])],
);
