/**
 * Every operator of the training graph: its gradient against central differences of its definition, both in double
 * precision, and what ONNX Runtime makes of the nodes against the definition.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differentiate } from '../../../kernels/autodiff.ts';
import { Graph, type Value } from '../../../kernels/graph.ts';
import { evaluate } from '../../../kernels/naive-graph.ts';
import type { NaiveTensor } from '../../../kernels/naive-tensor.ts';
import { OPERATORS } from '../../../kernels/ops/index.ts';
import { loadOrt, openSession } from '../../../server/engine/ort.ts';
import { testRandom } from '../../support/tiny-model.ts';
import { CASES, type OperatorCase } from './cases.ts';

for (const operator of Object.keys(OPERATORS)) {
  test(`there is a case for ${operator}`, () => {
    assert.ok(CASES.some((one) => one.operators.includes(operator)));
  });
}

for (const one of CASES) {
  test(`gradient and runtime of ${one.name}`, async () => {
    const { graph, gradients, loss } = program(one);
    const inputs = feeds(one, graph);
    const values = evaluate(graph, inputs);
    for (const [parameter, gradient] of gradients) {
      assert.deepEqual(values.get(gradient)!.dims, inputs.get(parameter)!.dims);
      compareWithDifferences(graph, inputs, parameter, loss, values.get(gradient)!.data);
    }
    const ort = await loadOrt();
    const session = await openSession(ort, graph, '.', 1);
    const results = await session.run(
      Object.fromEntries(
        graph.inputs.map(({ name, dtype }) => {
          const { dims, data } = inputs.get(name)!;
          return [
            name,
            dtype === 'i64'
              ? new ort.Tensor(
                  'int64',
                  BigInt64Array.from(data, (value) => BigInt(value)),
                  dims,
                )
              : new ort.Tensor('float32', Float32Array.from(data), dims),
          ];
        }),
      ),
    );
    for (const { name } of graph.outputs) {
      const expected = values.get(name)!;
      assert.deepEqual([...results[name].dims], [...expected.dims], name);
      (results[name].data as Float32Array).forEach((value, i) => {
        close(value, expected.data[i], 2e-5, `${name}[${i}]`);
      });
    }
    await session.release();
  });
}

/** The case's result, weighted by fixed random numbers and summed to a loss, with the gradients of its parameters. */
function program(one: OperatorCase) {
  const graph = new Graph();
  const parameters = Object.entries(one.parameters).map(([name, dims]) =>
    graph.input(name, 'f32', one.symbolic ? ['rows', ...dims.slice(1)] : dims),
  );
  for (const [name, { dims }] of Object.entries(one.integers ?? {})) graph.input(name, 'i64', dims);
  const y = one.build(graph);
  const weights = graph.input('weights', 'f32', [one.elements]);
  const flat = graph.op('Reshape', [y, graph.i64([one.elements])]);
  const loss = graph.op('ReduceSum', [graph.op('Mul', [flat, weights]), graph.i64([0])], { keepdims: 0 });
  const wanted = parameters.filter((name) => !one.constant?.includes(name));
  const gradients = differentiate(graph, loss, wanted);
  graph.output('result', flat, 'f32', ['n']);
  for (const [name, gradient] of gradients) graph.output(`gradient of ${name}`, gradient, 'f32', []);
  return { graph, gradients, loss };
}

function feeds(one: OperatorCase, graph: Graph): Map<Value, NaiveTensor> {
  const random = testRandom(7);
  return new Map(
    graph.inputs.map(({ name }) => {
      const integers = one.integers?.[name];
      if (integers) return [name, { dims: integers.dims, data: Float64Array.from(integers.values) }];
      const dims = name === 'weights' ? [one.elements] : one.parameters[name];
      const length = dims.reduce((product, dim) => product * dim, 1);
      const draw = () => (one.positive ? 0.5 + random() : 2 * random() - 1);
      // Single precision, so that the runtime starts from the same numbers.
      return [name, { dims, data: Float64Array.from(Float32Array.from({ length }, draw)) }];
    }),
  );
}

function compareWithDifferences(
  graph: Graph,
  inputs: ReadonlyMap<Value, NaiveTensor>,
  parameter: Value,
  loss: Value,
  gradient: Float64Array,
): void {
  const original = inputs.get(parameter)!;
  const step = 1e-5;
  gradient.forEach((slope, i) => {
    const lossAt = (change: number) => {
      const data = Float64Array.from(original.data);
      data[i] += change;
      const moved = new Map(inputs).set(parameter, { dims: original.dims, data });
      return evaluate(graph, moved).get(loss)!.data[0];
    };
    close(slope, (lossAt(step) - lossAt(-step)) / (2 * step), 1e-7, `${parameter}[${i}]`);
  });
}

function close(actual: number, expected: number, tolerance: number, what: string): void {
  const difference = Math.abs(actual - expected);
  assert.ok(
    difference <= tolerance * Math.max(1, Math.abs(expected)),
    `${what}: ${actual} is not ${expected}`,
  );
}
