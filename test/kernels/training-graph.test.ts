import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { evaluate } from '../../kernels/naive-graph.ts';
import { inverseFrequencies, rotations } from '../../kernels/rope.ts';
import { chunkParts, rowLayout } from '../../kernels/training/attention-chunks.ts';
import { buildTrainingGraph, TRAINING } from '../../kernels/training/training-graph.ts';
import { openModel } from '../../server/models/registry.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';
import { FIXTURES } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';

for (const name of ['qwen2-full-bias', 'qwen3-sdar-block4']) {
  test(`the naively evaluated training graph: loss of the naive forward, golden gradients: ${name}`, async () => {
    const { spec, weights, dir } = await openModel(path.join(FIXTURES, name));
    const stored = readSafetensors(path.join(dir, 'model.safetensors'));
    const golden = readSafetensors(path.join(dir, 'golden.safetensors'));
    const ids = [...golden.get('input_ids')!];
    const positions = [...golden.get('position_ids')!];
    const mask = golden.get('mask')!;
    const target = golden.get('target')!;
    const select = ids.map((_, row) => row).filter((row) => target[row] >= 0);
    const weight = select.map((row) => golden.get('weight')![row]);
    const visible = (row: number, column: number) => mask[row * ids.length + column] === 1;

    const names = new Set(expectedWeights(spec).keys());
    const { graph, parameters } = buildTrainingGraph(spec, weights, { tensors: names });
    const { order, places, chunks } = rowLayout(ids.length, spec, visible);
    const rows = order.length;
    const inPlaces = (ofRows: readonly number[]) => order.map((row) => ofRows[row] ?? 0);
    const pairs = spec.headDim / 2;
    const [cos, sin] = [new Float32Array(rows * pairs), new Float32Array(rows * pairs)];
    rotations(inverseFrequencies(spec.rope, spec.headDim), inPlaces(positions), cos, sin);
    const inputs = new Map<string, { dims: readonly number[]; data: Float64Array }>();
    const feed = (name: string, dims: readonly number[], data: ArrayLike<number>) =>
      inputs.set(name, { dims, data: Float64Array.from(data) });
    feed(TRAINING.ids, [rows], inPlaces(ids));
    feed(TRAINING.cos, [rows, pairs], cos);
    feed(TRAINING.sin, [rows, pairs], sin);
    const parts = chunkParts(spec);
    const group = spec.heads / spec.kvHeads;
    const perChunk = rows / chunks.length;
    for (const [number, chunk] of chunks.entries()) {
      const inputNames = TRAINING.chunk(number);
      feed(inputNames.columns, [chunk.columns.length], chunk.columns);
      const dims = [parts, 1, (perChunk / parts) * group, chunk.columns.length];
      const hidden = (row: number) =>
        chunk.columns.map((_, column) => (chunk.visible(row, column) ? 0 : -1e30));
      const chunkMask = Array.from({ length: perChunk * group }, (_, i) => hidden(Math.floor(i / group)));
      feed(inputNames.mask, dims, chunkMask.flat());
    }
    feed(
      TRAINING.select,
      [select.length],
      select.map((row) => places[row]),
    );
    feed(
      TRAINING.target,
      [select.length],
      select.map((row) => target[row]),
    );
    feed(TRAINING.weight, [select.length], weight);
    for (const { name, dims } of parameters) feed(name, dims, stored.get(name)!);
    const values = evaluate(graph, inputs);

    const { logits } = naiveForward(spec, (weight) => stored.get(weight)!, { ids, positions, visible });
    const loss = select.reduce((sum, row, i) => {
      const scores = logits.subarray(row * spec.vocabSize, (row + 1) * spec.vocabSize);
      const logSumExp = Math.log(scores.reduce((total, score) => total + Math.exp(score), 0));
      return sum + weight[i] * (logSumExp - scores[target[row]]);
    }, 0);
    // cos and sin are single precision in the graph.
    assert.ok(Math.abs(values.get(TRAINING.loss)!.data[0] - loss) < 1e-6 * loss);
    for (const { name } of parameters) {
      const expected = golden.get(`grad.${name}`)!;
      const actual = values.get(TRAINING.gradient(name))!.data;
      const largest = Math.max(...expected.map(Math.abs));
      const difference = Math.max(...expected.map((value, i) => Math.abs(value - actual[i])));
      assert.ok(difference < 1e-4 * largest, `${name}: ${difference} of ${largest}`);
    }
  });
}
