import type { Graph, Node, Value } from '../graph.ts';

/**
 * Moves the nodes that nothing takes anything from but an output to the end of the list, in reverse. ONNX Runtime begins
 * with the last of them, computes what it needs, and goes on to the one before: so that every gradient is computed as
 * soon as it can be, while what it is made of is in the caches, and that need not be kept until the end.
 */
export function reverseOutputs(graph: Graph): void {
  const names = new Set(graph.outputs.map(({ name }) => name));
  const makers = new Map<Value, { node: Node; place: number }>();
  const taken = new Map<Value, number>();
  for (const [place, node] of graph.nodes.entries()) {
    for (const output of node.outputs) makers.set(output, { node, place });
    for (const input of node.inputs) taken.set(input, (taken.get(input) ?? 0) + 1);
  }
  const last = graph.nodes
    .filter(({ outputs }) => names.has(outputs[0]))
    .map((end) => ({ end, source: makers.get(end.inputs[0]) }))
    .sort((a, b) => (b.source?.place ?? 0) - (a.source?.place ?? 0))
    .flatMap(({ end, source }) => {
      const takers = source?.node.outputs.reduce((sum, output) => sum + (taken.get(output) ?? 0), 0);
      return source && takers === 1 ? [source.node, end] : [end];
    });
  const moved = new Set(last);
  const others = graph.nodes.filter((node) => !moved.has(node));
  graph.nodes.splice(0, graph.nodes.length, ...others, ...last);
}
