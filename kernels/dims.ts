import type { Dim } from './graph.ts';

/** Dimensions of a tensor. A name stands for a number that is known only when the graph runs. */
export type Dims = readonly Dim[];

/** Joins a number and names to one dimension, such as `3*rows`. */
const TIMES = '*';

/** Dimensions of an element-wise result; throws where two tensors do not fit. */
export function broadcastDims(a: Dims, b: Dims): Dims {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new Error(`dimensions [${a}] and [${b}] do not fit`);
  });
}

/** What a Reshape to `target` gives: 0 keeps a dimension, −1 is what remains. */
export function reshapedDims(input: Dims, target: readonly number[]): Dims {
  const kept: Dim[] = target.map((dim, i) => (dim === 0 ? input[i] : dim));
  const open = kept.indexOf(-1);
  if (open >= 0) kept[open] = quotient(input, kept.toSpliced(open, 1));
  return kept;
}

/** A target for Reshape that restores `dims`: constant, so at most one dimension may have a name. */
export function reshapeTarget(dims: Dims): number[] {
  const target = dims.map((dim) => (typeof dim === 'number' ? dim : -1));
  if (target.filter((dim) => dim < 0).length > 1) {
    throw new Error(`[${dims}] has several dimensions that are unknown until the graph runs`);
  }
  return target;
}

/** Position of an axis that may be counted from the end. */
export function axisOf(axis: number, dims: Dims): number {
  return axis < 0 ? axis + dims.length : axis;
}

/** The dimension by which the product of `dims` exceeds that of `part`. */
function quotient(dims: Dims, part: Dims): Dim {
  const [whole, known] = [factors(dims), factors(part)];
  const names = [...whole.names];
  for (const name of known.names) {
    const at = names.indexOf(name);
    if (at < 0) throw new Error(`[${dims}] cannot be divided by ${name}`);
    names.splice(at, 1);
  }
  const count = whole.count / known.count;
  if (names.length === 0) return count;
  return [...(count === 1 ? [] : [count]), ...names].join(TIMES);
}

function factors(dims: Dims): { count: number; names: string[] } {
  const all = dims.flatMap((dim) => String(dim).split(TIMES));
  return {
    count: all.reduce((product, factor) => product * (Number(factor) || 1), 1),
    names: all.filter((factor) => Number.isNaN(Number(factor))).sort(),
  };
}
