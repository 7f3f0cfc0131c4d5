import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { naiveSamplerHead } from '../../server/decode/naive-sampler-head.ts';
import { readSafetensors } from '../support/read-safetensors.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const FIXTURES = path.join(ROOT, 'test', 'fixtures', 'unmask-135m');
const HIDDEN_SIZE = 576;

// Two of the five golden rows are decided by 0.06 of a score, less than int8 embeddings change: the rows of the
// embedding that they touch are therefore a fixture in fp32.
test('the sampler head chains the golden tokens', async () => {
  const golden = readSafetensors(path.join(FIXTURES, 'golden-sampler.safetensors'));
  const embedding = readSafetensors(path.join(FIXTURES, 'golden-sampler-embedding.safetensors'));
  const weights = readSafetensors(path.join(ROOT, 'models', 'unmask-135m', 'sampler_head.safetensors'));
  const row = (id: number) => {
    const at = embedding.get('ids')!.indexOf(id);
    assert.ok(at >= 0);
    return embedding.get('rows')!.subarray(at * HIDDEN_SIZE, (at + 1) * HIDDEN_SIZE);
  };
  const head = naiveSamplerHead(
    {
      w1: weights.get('w1.weight')!,
      b1: weights.get('w1.bias')!,
      w2: weights.get('w2.weight')!,
      b2: weights.get('w2.bias')!,
      embeddingScale: 8,
      embeddingRow: row,
      outputRow: row,
    },
    16,
  );
  const { chosen, scores } = await head.chain({
    hidden: Float32Array.from(golden.get('hidden')!),
    candidates: Int32Array.from(golden.get('candidates')!),
    previous: golden.get('previous')![0],
  });
  assert.deepEqual([...chosen], [...golden.get('chosen')!]);
  const worst = Math.max(...golden.get('scores')!.map((score, i) => Math.abs(score - scores[i])));
  assert.ok(worst < 1e-4, `scores differ by up to ${worst}`);
});
