import { DTYPE, type Graph, type Value } from '../graph.ts';
import type { WeightLocation } from '../weights.ts';

/** Consecutive rows of a stored [out, in] weight, with what belongs to them. */
export interface RowRange {
  weight: WeightLocation;
  /** When the weight is quantised: one factor per row, or one per block of a row. */
  scale?: WeightLocation;
  bias?: WeightLocation;
  start: number;
  count: number;
}

/** Rows of a weight in f32, [count, in], whatever it is stored as; the runtime computes them once, when it loads the graph. */
export function widened(graph: Graph, { weight, scale, start, count }: RowRange): Value {
  const rows = graph.weightRows(weight, start, count);
  if (scale === undefined) return toF32(graph, rows, weight);
  const factors = toF32(graph, graph.weightRows(scale, start, count), scale);
  if (weight.dtype === 'I8') return scaled(graph, graph.op('Cast', [rows], { to: DTYPE.f32 }), factors);
  const pairs = graph.op('Gather', [nibblePairs(graph), graph.op('Cast', [rows], { to: DTYPE.i32 })], {
    axis: 0,
  });
  const [blocks, bytes] = weight.dims.slice(1);
  const integers = graph.op('Reshape', [pairs, graph.i64([count, blocks, 2 * bytes])]);
  return graph.op('Reshape', [
    graph.op('Mul', [integers, graph.op('Unsqueeze', [factors, graph.i64([2])])]),
    graph.i64([count, -1]),
  ]);
}

/** The same in f16, for weights that have no number beyond 65504. */
export function narrowed(graph: Graph, range: RowRange): Value {
  const { weight, scale, start, count } = range;
  if (weight.dtype === 'F16' && scale === undefined) return graph.weightRows(weight, start, count);
  return graph.op('Cast', [widened(graph, range)], { to: DTYPE.f16 });
}

/** Table rows of an embedding, [ids, hidden], in f32. */
export function embed(graph: Graph, ids: Value, { weight, scale }: RowRange): Value {
  const gather = (location: WeightLocation) => {
    const rows = graph.op('Gather', [graph.weight(location), ids], { axis: 0 });
    return toF32(graph, rows, location);
  };
  return scale === undefined ? gather(weight) : scaled(graph, gather(weight), gather(scale));
}

/** The same on the processor: the table stays in its file, and only the rows go to the device. */
export function embedOnProcessor(graph: Graph, ids: Value, table: RowRange): Value {
  const before = graph.nodes.length;
  const rows = embed(graph, ids, table);
  graph.onProcessor.push(...graph.nodes.slice(before));
  return rows;
}

/** The same from a table that is widened when the graph is loaded. */
export function embedWidened(graph: Graph, ids: Value, table: RowRange): Value {
  return graph.op('Gather', [widened(graph, table), ids], { axis: 0 });
}

/** The same from a table that is narrowed to f16. */
export function embedNarrowed(graph: Graph, ids: Value, table: RowRange): Value {
  const rows = graph.op('Gather', [narrowed(graph, table), ids], { axis: 0 });
  return graph.op('Cast', [rows], { to: DTYPE.f32 });
}

/** A stored tensor as f32. */
export function toF32(graph: Graph, value: Value, { dtype }: WeightLocation): Value {
  return dtype === 'F32' ? value : graph.op('Cast', [value], { to: DTYPE.f32 });
}

/** Rows times their factors: [rows, columns] · [rows]. */
function scaled(graph: Graph, rows: Value, factors: Value): Value {
  return graph.op('Mul', [rows, graph.op('Unsqueeze', [factors, graph.i64([1])])]);
}

/** The two integers −8 … 7 in every byte, the one in the low half first, [256, 2]. */
function nibblePairs(graph: Graph): Value {
  const pairs = Array.from({ length: 256 }, (_, byte) => [(byte & 15) - 8, (byte >> 4) - 8]);
  return graph.f32(pairs.flat(), [256, 2]);
}
