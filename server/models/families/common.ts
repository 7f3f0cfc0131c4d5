import type { DenoiserShape } from '../../../kernels/shape.ts';
import type { ConfigReader } from '../config-reader.ts';
import { readRope } from '../rope.ts';
import type { PublishedDiffusion } from './family.ts';

/** Published models of full attention have no block size; their authors decode in blocks of this many positions. */
const FULL_ATTENTION_BLOCK = 32;

/** How a published model whose rows all see each other denoises. */
export function fullAttention(
  config: ConfigReader,
  { vocabSize }: DenoiserShape,
  logitShift: 0 | 1,
): PublishedDiffusion {
  return {
    maskTokenId: config.tokenId('mask_token_id', vocabSize),
    blockSize: FULL_ATTENTION_BLOCK,
    logitShift,
    cleanAttention: 'full',
  };
}

/** What the configs of all families with Hugging Face's Llama keys have in common. */
export function commonShape(
  config: ConfigReader,
): Omit<DenoiserShape, 'qkvBias' | 'outputBias' | 'qkNorm' | 'experts'> {
  config.choice('hidden_act', ['silu'], 'silu');
  const hiddenSize = config.count('hidden_size');
  const { heads, kvHeads } = readHeads(config, 'num_attention_heads', 'num_key_value_heads');
  if (!config.has('head_dim')) checkDivides(config, 'hidden_size', hiddenSize, 'num_attention_heads', heads);
  return {
    layers: config.count('num_hidden_layers'),
    hiddenSize,
    intermediateSize: config.count('intermediate_size'),
    heads,
    kvHeads,
    ...readRotary(config, hiddenSize, heads),
    vocabSize: config.count('vocab_size'),
    rmsEps: config.positive('rms_norm_eps'),
    rope: readRope(config),
    tiedHead: config.boolean('tie_word_embeddings', false),
    maxPositions: config.count('max_position_embeddings'),
  };
}

/** The numbers of heads, where the second key is missing one number for both. */
export function readHeads(
  config: ConfigReader,
  key: string,
  kvKey: string,
): Pick<DenoiserShape, 'heads' | 'kvHeads'> {
  const heads = config.count(key);
  const kvHeads = config.count(kvKey, heads);
  if (heads % kvHeads !== 0) {
    throw config.refuse(kvKey, `is ${kvHeads}, which does not divide ${key} ${heads}`);
  }
  return { heads, kvHeads };
}

export function checkDivides(
  config: ConfigReader,
  key: string,
  value: number,
  divisorKey: string,
  divisor: number,
): void {
  if (value % divisor !== 0)
    throw config.refuse(key, `is ${value}, which ${divisorKey} ${divisor} does not divide`);
}

/** Dimensions of a head and, where a part is left alone, those that the rotary embedding turns. */
function readRotary(
  config: ConfigReader,
  hiddenSize: number,
  heads: number,
): Pick<DenoiserShape, 'headDim' | 'rotaryDim'> {
  const headDim = config.count('head_dim', hiddenSize / heads);
  if (headDim % 2 !== 0)
    throw config.refuse('head_dim', `is ${headDim}; the rotary embedding needs an even number`);
  if (!config.has('partial_rotary_factor')) return { headDim };
  const rotaryDim = headDim * config.positive('partial_rotary_factor');
  if (rotaryDim > headDim) throw config.refuse('partial_rotary_factor', 'is above 1');
  if (rotaryDim % 2 !== 0)
    throw config.refuse(
      'partial_rotary_factor',
      `turns ${rotaryDim} dimensions; the rotary embedding needs an even number`,
    );
  return { headDim, rotaryDim };
}
