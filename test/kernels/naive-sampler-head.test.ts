import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { naiveSamplerHead } from '../../server/decode/naive-sampler-head.ts';
import { residualRotation } from '../../server/models/orthogonal.ts';
import { readSafetensors } from '../support/read-safetensors.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

// The golden chain is of the embedded model's first training, of the network before its rotation: the head is a fixture as
// it was shipped then, in the rotated basis; the rows of the embedding that it touches and the weight of the last norm
// are fixtures in fp32, and are rotated here. (Two of its five rows are decided by 0.06 of a score, less than int8
// embeddings change.)
test('a sampler head chains the golden tokens in the rotated basis', async () => {
  const fixtures = path.join(ROOT, 'test', 'fixtures', 'unmask-135m');
  const golden = readSafetensors(path.join(fixtures, 'golden-sampler.safetensors'));
  const original = readSafetensors(path.join(fixtures, 'golden-sampler-embedding.safetensors'));
  const weights = readSafetensors(path.join(fixtures, 'sampler_head.safetensors'));
  const norm = original.get('norm')!;
  const size = norm.length;
  const rotate = residualRotation(size);
  const rotated = (vector: Float64Array) => {
    rotate(vector);
    return vector;
  };
  const row = (id: number) => {
    const at = original.get('ids')!.indexOf(id);
    assert.ok(at >= 0);
    return original.get('rows')!.slice(at * size, (at + 1) * size);
  };
  const hidden = golden.get('hidden')!.map((value, i) => value / norm[i % size]);
  for (let start = 0; start < hidden.length; start += size) rotate(hidden.subarray(start, start + size));
  const head = naiveSamplerHead(
    {
      w1: weights.get('w1.weight')!,
      b1: weights.get('w1.bias')!,
      w2: weights.get('w2.weight')!,
      b2: weights.get('w2.bias')!,
      embeddingScale: 8,
      embeddingRow: (id) => rotated(row(id)),
      outputRow: (id) => rotated(row(id).map((value, i) => value * norm[i])),
    },
    16,
  );
  const { chosen, scores } = await head.chain({
    hidden: Float32Array.from(hidden),
    candidates: Int32Array.from(golden.get('candidates')!),
    previous: golden.get('previous')![0],
  });
  assert.deepEqual([...chosen], [...golden.get('chosen')!]);
  const worst = Math.max(...golden.get('scores')!.map((score, i) => Math.abs(score - scores[i])));
  assert.ok(worst < 0.01, `scores differ by up to ${worst}`);
});
