import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { evaluate } from '../../kernels/naive-graph.ts';
import { inverseFrequencies, rotations } from '../../kernels/rope.ts';
import { attentionChunks } from '../../kernels/training/attention-chunks.ts';
import { ATTENTION_CHUNKS, buildTrainingGraph, TRAINING } from '../../kernels/training/training-graph.ts';
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
    const group = spec.heads / spec.kvHeads;
    const pairs = spec.headDim / 2;
    const [cos, sin] = [new Float32Array(ids.length * pairs), new Float32Array(ids.length * pairs)];
    rotations(inverseFrequencies(spec.rope, spec.headDim), positions, cos, sin);
    const inputs = new Map<string, { dims: readonly number[]; data: Float64Array }>();
    const feed = (name: string, dims: readonly number[], data: ArrayLike<number>) =>
      inputs.set(name, { dims, data: Float64Array.from(data) });
    feed(TRAINING.ids, [ids.length], ids);
    feed(TRAINING.cos, [ids.length, pairs], cos);
    feed(TRAINING.sin, [ids.length, pairs], sin);
    for (const [number, chunk] of attentionChunks(ids.length, ATTENTION_CHUNKS, visible).entries()) {
      const inputNames = TRAINING.chunk(number);
      feed(inputNames.rows, [chunk.rows.length], chunk.rows);
      feed(inputNames.columns, [chunk.columns.length], chunk.columns);
      const dims = [1, chunk.rows.length * group, chunk.columns.length];
      const hidden = (row: number) => chunk.columns.map((column) => (visible(row, column) ? 0 : -1e30));
      const mask = chunk.rows.flatMap((row) => Array.from({ length: group }, () => hidden(row)).flat());
      feed(inputNames.mask, dims, mask);
    }
    feed(TRAINING.select, [select.length], select);
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
