import { Graph } from '../graph.ts';

/** Names of what goes in and out of the graphs below; vectors are f32 [n], `squares` is f32 []. */
export const GRADIENT_SUM = { sum: 'sum', addend: 'addend', next: 'next_sum', squares: 'squares' } as const;

/** next_sum = sum + addend, which may be written over sum. */
export function buildAddition(): Graph {
  const graph = new Graph();
  const [sum, addend] = [GRADIENT_SUM.sum, GRADIENT_SUM.addend].map((name) =>
    graph.input(name, 'f32', ['n']),
  );
  graph.output(GRADIENT_SUM.next, graph.op('Add', [sum, addend]), 'f32', ['n']);
  return graph;
}

/** squares = Σ sum². */
export function buildSquareSum(): Graph {
  const graph = new Graph();
  const sum = graph.input(GRADIENT_SUM.sum, 'f32', ['n']);
  const squares = graph.op('ReduceSumSquare', [sum, graph.i64([0])], { keepdims: 0 });
  graph.output(GRADIENT_SUM.squares, squares, 'f32', []);
  return graph;
}
