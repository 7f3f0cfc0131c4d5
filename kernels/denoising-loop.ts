import { FORWARD } from './forward.ts';
import { DTYPE, Graph, type Node, type Port, type Value } from './graph.ts';
import { HEAD } from './head.ts';

/** Names of what goes into a denoising loop and comes out of it, beside the tensors of its forward. */
export const LOOP = {
  steps: 'steps',
  predicted: 'predicted',
  threshold: 'threshold',
  clean: 'clean',
  fedIds: 'fed_ids',
} as const;

/**
 * Makes the graph of a forward with `bestTokens` run it up to `steps` times (i64 [1]) over the same past, which a device
 * is then brought once for all of them. After each the rule `dynamic` reveals: of the masked rows `predicted`
 * (i64 [selected], one for each selected row) those whose best token is at least as probable as `threshold` (f32 [1]),
 * or the most probable one. The loop ends when none is masked; where `clean` (i64 [1]) is not 0, after one more forward,
 * of the rows without masks. The outputs are those of the forward and `fed_ids`, i64 [rows], all of them with an axis of
 * steps in front.
 */
export function denoisingLoop(graph: Graph): void {
  const outputs = graph.outputs.map((output) => {
    if (!('dtype' in output)) throw new Error(`The output ${output.name} has no type.`);
    return output;
  });
  const forward = graph.nodes.splice(0);
  const steps = graph.input(LOOP.steps, 'i64', [1]);
  const predicted = graph.input(LOOP.predicted, 'i64', ['selected']);
  const threshold = graph.input(LOOP.threshold, 'f32', [1]);
  const clean = graph.input(LOOP.clean, 'i64', [1]);
  const masked = within('masked');
  const next = reveal(graph, { ids: FORWARD.ids, masked, predicted, threshold, clean });
  const renamed = new Set([FORWARD.ids, ...outputs.map(({ name }) => name)]);
  const nodes = [...forward, ...graph.nodes.splice(0)].map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => (renamed.has(name) ? within(name) : name)),
    outputs: node.outputs.map((name) => (renamed.has(name) ? within(name) : name)),
  }));

  const body = new Graph();
  body.nodes.push(...keepConstant(graph, nodes));
  body.input(within('index'), 'i64', []);
  body.input(within('going'), 'bool', []);
  const ids = body.input(within(FORWARD.ids), 'i64', ['rows']);
  body.input(masked, 'bool', ['selected']);
  body.outputs.push(
    ...[next.going, next.ids, next.masked].map((name) => ({ name })),
    ...outputs.map((output) => ({ ...output, name: within(output.name) })),
  );
  body.output(within(LOOP.fedIds), ids, 'i64', ['rows']);

  const all = graph.op('Equal', [predicted, predicted]);
  const stacked: Port[] = [...outputs, { name: LOOP.fedIds, dtype: 'i64', dims: ['rows'] }];
  graph.nodes.push({
    op: 'Loop',
    domain: '',
    inputs: [steps, '', FORWARD.ids, all],
    outputs: ['last_ids', 'last_masked', ...stacked.map(({ name }) => name)],
    attributes: { body: { body } },
  });
  graph.outputs.length = 0;
  graph.outputs.push(...stacked.map((port) => ({ ...port, dims: ['steps', ...port.dims] })));
}

/** The name of a value of one step: none of the graph around the loop. */
function within(name: string): Value {
  return `step_${name}`;
}

/**
 * Adds those of the nodes that compute something from weights alone, which the runtime makes constants of when it loads
 * the graph, and returns the others.
 */
function keepConstant(graph: Graph, nodes: readonly Node[]): Node[] {
  const constant = new Set(graph.initializers.map(({ name }) => name));
  return nodes.filter((node) => {
    if (!node.inputs.every((name) => constant.has(name))) return true;
    graph.nodes.push(node);
    for (const name of node.outputs) constant.add(name);
    return false;
  });
}

/** The ids and the masked rows of the next step, and whether there is one. */
function reveal(
  graph: Graph,
  {
    ids,
    masked,
    predicted,
    threshold,
    clean,
  }: Record<'ids' | 'masked' | 'predicted' | 'threshold' | 'clean', Value>,
): Record<'ids' | 'masked' | 'going', Value> {
  const best = (values: Value) => {
    const first = graph.op('Slice', [values, graph.i64([0]), graph.i64([1]), graph.i64([1])]);
    return graph.op('Squeeze', [first, graph.i64([1])]);
  };
  const confidence = graph.op('Exp', [graph.op('Sub', [best(HEAD.topLogits), HEAD.logSumExp])]);
  const ofMasked = graph.op('Where', [masked, confidence, graph.f32([-1])]);
  const bar = graph.op('Min', [threshold, graph.op('ReduceMax', [ofMasked], { keepdims: 1 })]);
  const enough = graph.op('GreaterOrEqual', [confidence, bar]);
  const token = graph.op('Where', [
    graph.op('And', [masked, enough]),
    graph.op('Cast', [best(HEAD.topIds)], { to: DTYPE.i64 }),
    graph.op('Gather', [ids, predicted], { axis: 0 }),
  ]);
  const left = graph.op('And', [masked, graph.op('Not', [enough])]);
  const wasMasked = graph.op('And', [masked, graph.op('Cast', [clean], { to: DTYPE.bool })]);
  const more = graph.op('Cast', [graph.op('Or', [left, wasMasked])], { to: DTYPE.i32 });
  return {
    ids: graph.op('ScatterElements', [ids, predicted, token], { axis: 0 }),
    masked: left,
    going: graph.op('Cast', [graph.op('ReduceMax', [more], { keepdims: 0 })], { to: DTYPE.bool }),
  };
}
