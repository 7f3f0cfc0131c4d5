import type { DenoiserShape } from '../../kernels/shape.ts';
import { ConfigReader } from './config-reader.ts';
import { findFamily } from './families/index.ts';
import { readRope } from './rope.ts';
import type { CleanAttention, DenoiserSpec, FimSpec, SamplerHeadSpec } from './spec.ts';

const CLEAN_ATTENTION: readonly CleanAttention[] = ['causal', 'block', 'full'];
const FIM_ORDERS: readonly FimSpec['order'][] = ['suffix-prefix-middle', 'prefix-suffix-middle'];

/**
 * Turns the parsed config.json at `file` into a spec. A config without a `diffusion` section is a plain
 * autoregressive checkpoint. Throws UserError, naming file and key, for whatever is missing or contradicts itself.
 */
export function readSpec(file: string, values: Record<string, unknown>): DenoiserSpec {
  const config = new ConfigReader(file, values);
  const family = findFamily(config);
  const shape = { ...readShape(config), ...family.attention(config) };
  return { family: family.name, ...shape, ...readNormedRange(config), ...readDiffusion(config, shape) };
}

function readShape(config: ConfigReader): Omit<DenoiserShape, 'qkvBias' | 'outputBias' | 'qkNorm'> {
  config.choice('hidden_act', ['silu'], 'silu');
  const hiddenSize = config.count('hidden_size');
  const heads = config.count('num_attention_heads');
  const kvHeads = config.count('num_key_value_heads', heads);
  if (heads % kvHeads !== 0) {
    throw config.refuse(
      'num_key_value_heads',
      `is ${kvHeads}, which does not divide num_attention_heads ${heads}`,
    );
  }
  if (!config.has('head_dim') && hiddenSize % heads !== 0) {
    throw config.refuse(
      'hidden_size',
      `is ${hiddenSize}, which num_attention_heads ${heads} does not divide`,
    );
  }
  const headDim = config.count('head_dim', hiddenSize / heads);
  if (headDim % 2 !== 0) {
    throw config.refuse('head_dim', `is ${headDim}; the rotary embedding needs an even number`);
  }
  return {
    layers: config.count('num_hidden_layers'),
    hiddenSize,
    intermediateSize: config.count('intermediate_size'),
    heads,
    kvHeads,
    headDim,
    vocabSize: config.count('vocab_size'),
    rmsEps: config.positive('rms_norm_eps'),
    rope: readRope(config),
    tiedHead: config.boolean('tie_word_embeddings', false),
    maxPositions: config.count('max_position_embeddings'),
  };
}

/** Written by the int8 import; other tools' checkpoints do not have it. */
function readNormedRange(config: ConfigReader): Pick<DenoiserSpec, 'normedRange'> {
  const section = config.section('quantization_config');
  return section?.has('normed_range') ? { normedRange: section.positive('normed_range') } : {};
}

type DiffusionSpec = Omit<DenoiserSpec, keyof DenoiserShape | 'family' | 'normedRange'>;

function readDiffusion(config: ConfigReader, { vocabSize }: { vocabSize: number }): DiffusionSpec {
  const endIds = config.tokenIds('eos_token_id', vocabSize);
  const section = config.section('diffusion');
  if (!section) {
    return {
      stopTokenIds: endIds,
      suppressedTokenIds: [],
      blockSize: 1,
      logitShift: 1,
      cleanAttention: 'causal',
    };
  }
  const maskTokenId = section.tokenId('mask_token_id', vocabSize);
  const fim = readFim(section.section('fim'), vocabSize);
  const stopTokenIds = [...new Set([...endIds, ...(fim ? [fim.endTokenId] : [])])];
  const markers = fim ? [fim.suffixTokenId, fim.prefixTokenId, fim.middleTokenId] : [];
  const suppressedTokenIds = [maskTokenId, ...markers.filter((id) => id !== undefined)];
  for (const id of stopTokenIds) {
    if (suppressedTokenIds.includes(id)) {
      throw config.refuse('diffusion', `uses token ${id} both as the end and as the mask or a prompt marker`);
    }
  }
  return {
    maskTokenId,
    stopTokenIds,
    suppressedTokenIds,
    blockSize: section.count('block_size'),
    logitShift: section.choice('logit_shift', [0, 1] as const),
    cleanAttention: section.choice('clean_attention', CLEAN_ATTENTION),
    fim,
    samplerHead: readSamplerHead(section.section('sampler_head')),
  };
}

function readFim(section: ConfigReader | undefined, vocabSize: number): FimSpec | undefined {
  if (!section) return undefined;
  const order = section.choice('order', FIM_ORDERS);
  const fim: FimSpec = {
    order,
    suffixTokenId: section.tokenId('suffix_token_id', vocabSize),
    prefixTokenId: section.tokenId('prefix_token_id', vocabSize),
    endTokenId: section.tokenId('end_token_id', vocabSize),
  };
  if (order === 'prefix-suffix-middle') fim.middleTokenId = section.tokenId('middle_token_id', vocabSize);
  return fim;
}

function readSamplerHead(section: ConfigReader | undefined): SamplerHeadSpec | undefined {
  if (!section) return undefined;
  const file = section.text('file');
  if (/[\\/]/.test(file))
    throw section.refuse('file', `must be a plain file name, not ${JSON.stringify(file)}`);
  return {
    file,
    hiddenSize: section.count('hidden_size'),
    candidates: section.count('candidates'),
    embeddingScale: section.positive('embedding_scale'),
  };
}
