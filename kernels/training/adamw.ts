import { Graph } from '../graph.ts';

/** Names of what goes in and out of the graph of AdamW. */
export const ADAMW = {
  /** Numbers under training and their gradients, f32 [n]. */
  value: 'value',
  gradient: 'gradient',
  /** Moments of the gradient, f32 [n]. */
  first: 'first',
  second: 'second',
  /** What the gradient is multiplied by on its way into a moment, f32 []. */
  firstScale: 'first_scale',
  secondScale: 'second_scale',
  /** f32 []; `keep` is what decay leaves of a number. */
  keep: 'keep',
  stepSize: 'step_size',
  offset: 'offset',
  /** What an input becomes. */
  next: (input: string) => `next_${input}`,
} as const;

/**
 * A step of AdamW over n numbers: first ← β₁·first + firstScale·gradient, second ← β₂·second + (secondScale·gradient)²,
 * value ← keep·value − stepSize·first / (√second + offset). Every output may be written over its input.
 */
export function buildAdamW({ beta1, beta2 }: { beta1: number; beta2: number }): Graph {
  const graph = new Graph();
  const vector = (name: string) => graph.input(name, 'f32', ['n']);
  const scalar = (name: string) => graph.input(name, 'f32', []);
  const scaled = (name: string, scale: string) => graph.op('Mul', [name, scale]);
  const gradient = vector(ADAMW.gradient);

  const kept1 = scaled(vector(ADAMW.first), graph.f32([beta1], []));
  const first = graph.op('Add', [kept1, scaled(gradient, scalar(ADAMW.firstScale))]);
  const root = scaled(gradient, scalar(ADAMW.secondScale));
  const kept2 = scaled(vector(ADAMW.second), graph.f32([beta2], []));
  const second = graph.op('Add', [kept2, graph.op('Mul', [root, root])]);

  const size = graph.op('Add', [graph.op('Sqrt', [second]), scalar(ADAMW.offset)]);
  const move = graph.op('Div', [scaled(first, scalar(ADAMW.stepSize)), size]);
  const old = vector(ADAMW.value);
  const value = graph.op('Sub', [scaled(old, scalar(ADAMW.keep)), move]);

  graph.output(ADAMW.next(ADAMW.first), first, 'f32', ['n']);
  graph.output(ADAMW.next(ADAMW.second), second, 'f32', ['n']);
  graph.output(ADAMW.next(ADAMW.value), value, 'f32', ['n']);
  return graph;
}
