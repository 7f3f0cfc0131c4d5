import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
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
