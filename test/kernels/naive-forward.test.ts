import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { naiveForward, ropeFrequencies } from '../../kernels/naive-forward.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import { readSafetensors } from '../support/read-safetensors.ts';

const FIXTURES = path.join(import.meta.dirname, '..', 'fixtures');

for (const name of ['llama-tied-window', 'qwen2-full-bias', 'qwen3-sdar-block4', 'qwen3-sdar-train-layout']) {
  test(`the naive forward gives the golden logits of ${name}`, () => {
    const folder = path.join(FIXTURES, name);
    const weights = readSafetensors(path.join(folder, 'model.safetensors'));
    const golden = readSafetensors(path.join(folder, 'golden.safetensors'));
    const shape = shapeOf(path.join(folder, 'config.json'));
    const ids = [...golden.get('input_ids')!];
    const mask = golden.get('mask')!;
    const { logits } = naiveForward(shape, (weight) => weights.get(weight)!, {
      ids,
      positions: [...golden.get('position_ids')!],
      visible: (row, column) => mask[row * ids.length + column] === 1,
    });
    assert.ok(maxAbsDifference(logits, golden.get('logits')!) < 2e-5);
  });
}

test('rope frequencies: closed forms, and llama3 as published for Llama 3.1 (head 128, theta 5e5)', () => {
  const plain = ropeFrequencies({ type: 'default', theta: 10000 }, 4);
  assert.deepEqual([...plain], [1, 0.01]);
  assert.deepEqual([...ropeFrequencies({ type: 'linear', theta: 10000, factor: 4 }, 4)], [0.25, 0.0025]);
  const llama3 = ropeFrequencies(
    {
      type: 'llama3',
      theta: 500000,
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositions: 8192,
    },
    128,
  );
  // Waves shorter than 8192/4 positions stay, those longer than 8192 are slowed eight times, between them a blend.
  assert.equal(llama3[0], 1);
  assert.ok(Math.abs(llama3[63] - 500000 ** (-126 / 128) / 8) < 1e-18);
  const frequency = 500000 ** (-64 / 128);
  const wavelength = (2 * Math.PI) / frequency;
  const smooth = (8192 / wavelength - 1) / (4 - 1);
  assert.ok(smooth > 0 && smooth < 1);
  assert.ok(Math.abs(llama3[32] - ((1 - smooth) * frequency) / 8 - smooth * frequency) < 1e-12);
});

/** The shape of a fixture, read here without the registry. */
function shapeOf(configFile: string): DenoiserShape {
  const config = JSON.parse(readFileSync(configFile, 'utf8'));
  return {
    layers: config.num_hidden_layers,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    heads: config.num_attention_heads,
    kvHeads: config.num_key_value_heads,
    headDim: config.head_dim ?? config.hidden_size / config.num_attention_heads,
    vocabSize: config.vocab_size,
    rmsEps: config.rms_norm_eps,
    rope: { type: 'default', theta: config.rope_theta },
    qkvBias: config.model_type === 'qwen2',
    outputBias: false,
    qkNorm: config.model_type === 'qwen3',
    tiedHead: config.tie_word_embeddings,
    maxPositions: config.max_position_embeddings,
  };
}

function maxAbsDifference(a: Float64Array, b: Float64Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}
