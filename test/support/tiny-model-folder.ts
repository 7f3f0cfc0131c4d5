import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expectedWeights } from '../../server/models/weight-names.ts';
import { editJson, writeFloats } from './model-files.ts';
import { testRandom, tinySpec } from './tiny-model.ts';

const VOCABULARY = 264;
/** Tokens after the 256 bytes. */
const [END, MASK, SUFFIX, PREFIX] = [256, 257, 258, 259];

/**
 * Writes a model folder that can be trained in milliseconds: a causal window-diffusion model of two tiny layers with
 * random weights, whose tokens are bytes.
 */
export function writeTinyModel(
  dir: string,
  weightOf: (name: string, value: number) => number = (_, v) => v,
  stopTokens: readonly number[] = [END],
): void {
  mkdirSync(dir, { recursive: true });
  const spec = tinySpec({ vocabSize: VOCABULARY, hiddenSize: 16, intermediateSize: 24, headDim: 8 });
  const random = testRandom(1);
  const tensors: Parameters<typeof writeFloats>[1] = {};
  for (const [name, { dims }] of expectedWeights(spec)) {
    const length = dims.reduce((product, dim) => product * dim, 1);
    const draw = () => (name.includes('norm') ? 1 : (random() - 0.5) / 2);
    tensors[name] = { dims: [...dims], values: Float32Array.from({ length }, () => weightOf(name, draw())) };
  }
  writeFloats(path.join(dir, 'model.safetensors'), tensors);
  const config = {
    model_type: 'llama',
    vocab_size: VOCABULARY,
    hidden_size: spec.hiddenSize,
    intermediate_size: spec.intermediateSize,
    num_hidden_layers: spec.layers,
    num_attention_heads: spec.heads,
    num_key_value_heads: spec.kvHeads,
    head_dim: spec.headDim,
    hidden_act: 'silu',
    rms_norm_eps: spec.rmsEps,
    rope_theta: 10000,
    max_position_embeddings: 512,
    tie_word_embeddings: true,
    eos_token_id: stopTokens,
    diffusion: {
      mask_token_id: MASK,
      block_size: 4,
      clean_attention: 'causal',
      logit_shift: 1,
      fim: {
        order: 'suffix-prefix-middle',
        suffix_token_id: SUFFIX,
        prefix_token_id: PREFIX,
        end_token_id: END,
      },
    },
  };
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config));
  writeByteTokenizer(dir, Object.fromEntries([END, MASK, SUFFIX, PREFIX].map((id) => [id, `<|${id}|>`])));
}

/** Writes tokenizer.json of a tokenizer whose first 256 tokens are the bytes; `special` names the others by their ids. */
export function writeByteTokenizer(dir: string, special: Record<number, string>): void {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const tokenizer = {
    version: '1.0',
    normalizer: null,
    post_processor: null,
    added_tokens: Object.entries(special).map(([id, content]) => ({ id: Number(id), content, ...flags })),
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab: byteVocabulary(), merges: [] },
  };
  writeFileSync(path.join(dir, 'tokenizer.json'), JSON.stringify(tokenizer));
}

/** Gives the tiny model in `dir` a random sampler head of 10 inner numbers. */
export function addSamplerHead(dir: string): void {
  const config = JSON.parse(readFileSync(path.join(dir, 'config.json'), 'utf8'));
  const [size, inner] = [config.hidden_size, 10];
  const head = { file: 'sampler_head.safetensors', hidden_size: inner, candidates: 8, embedding_scale: 1 };
  editJson(path.join(dir, 'config.json'), { diffusion: { ...config.diffusion, sampler_head: head } });
  const random = testRandom(2);
  const tensor = (...dims: number[]) => {
    const length = dims.reduce((product, dim) => product * dim, 1);
    return { dims, values: Float32Array.from({ length }, () => random() - 0.5) };
  };
  writeFloats(path.join(dir, head.file), {
    'w1.weight': tensor(inner, 2 * size),
    'w1.bias': tensor(inner),
    'w2.weight': tensor(size, inner),
    'w2.bias': tensor(size),
  });
}

/** The characters that byte-level BPE writes for the bytes, in the order of the bytes. */
function byteVocabulary(): Record<string, number> {
  let next = 0x100;
  return Object.fromEntries(
    Array.from({ length: 256 }, (_, byte) => {
      const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
      return [String.fromCharCode(printable ? byte : next++), byte];
    }),
  );
}
