import path from 'node:path';
import { Random } from '../decode/random.ts';
import { SINGLE_FILE } from '../models/checkpoint.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { readSpec } from '../models/read-spec.ts';
import { CONFIG_FILE, openModel } from '../models/registry.ts';
import { writeSafetensors, writeWhole } from '../models/safetensors-writer.ts';
import { bytesOf } from '../models/tensor-data.ts';
import { expectedWeights } from '../models/weight-names.ts';

const CONFIG = {
  model_type: 'qwen3',
  vocab_size: 64,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  max_position_embeddings: 128,
  tie_word_embeddings: true,
  diffusion: { mask_token_id: 63, block_size: 4, logit_shift: 0, clean_attention: 'block' },
};

/** Writes a model folder of two tiny layers with random weights that every operator of a forward is in. */
export async function writeProbeModel(dir: string): Promise<ModelFolder> {
  const random = new Random(1);
  await writeWhole(path.join(dir, CONFIG_FILE), JSON.stringify(CONFIG));
  const groups = [...expectedWeights(readSpec(CONFIG_FILE, CONFIG))].map(([name, { dims }]) => {
    const values = Float32Array.from(
      { length: dims.reduce((a, b) => a * b, 1) },
      () => random.uniform() - 0.5,
    );
    return { tensors: [{ name, dtype: 'F32' as const, dims }], produce: async () => [bytesOf(values)] };
  });
  await writeSafetensors(path.join(dir, SINGLE_FILE), groups);
  return openModel(dir);
}
