import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../kernels/graph.ts';
import { reverseOutputs } from '../../kernels/training/output-order.ts';

test('what only an output takes comes last, the latest first; what other nodes take stays before them', () => {
  const graph = new Graph();
  const x = graph.input('x', 'f32', [2]);
  const shared = graph.op('Exp', [x]);
  const early = graph.op('Neg', [shared]);
  const middle = graph.op('Sqrt', [shared]);
  const late = graph.op('Log', [middle]);
  graph.output('shared', shared, 'f32', [2]);
  graph.output('early', early, 'f32', [2]);
  graph.output('late', late, 'f32', [2]);
  graph.output('input', x, 'f32', [2]);
  reverseOutputs(graph);
  assert.deepEqual(
    graph.nodes.map(({ op, outputs }) => (op === 'Identity' ? outputs[0] : op)),
    ['Exp', 'Sqrt', 'Log', 'late', 'Neg', 'early', 'shared', 'input'],
  );
  const names = graph.outputs.map(({ name }) => name);
  assert.deepEqual(names, ['shared', 'early', 'late', 'input'], 'outputs keep their order');
});
