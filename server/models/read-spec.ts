import type { DenoiserShape } from '../../kernels/shape.ts';
import { ConfigReader } from './config-reader.ts';
import { findFamily } from './families/index.ts';
import type { CleanAttention, DenoiserSpec, FimSpec, SamplerHeadSpec } from './spec.ts';

const CLEAN_ATTENTION: readonly CleanAttention[] = ['causal', 'block', 'full'];
const FIM_ORDERS: readonly FimSpec['order'][] = ['suffix-prefix-middle', 'prefix-suffix-middle'];

/**
 * Turns the parsed config.json at `file` into a spec. How a model denoises is said by a `diffusion` section, else by its
 * family; a checkpoint of which neither knows is autoregressive. Throws UserError, naming file and key, for whatever is
 * missing or contradicts itself.
 */
export function readSpec(file: string, values: Record<string, unknown>): DenoiserSpec {
  const config = new ConfigReader(file, values);
  const family = findFamily(config);
  const shape = family.shape(config);
  const section = config.section('diffusion');
  const diffusion = section
    ? readDiffusion(section, shape)
    : (family.diffusion?.(config, shape) ?? AUTOREGRESSIVE);
  const ids = readIds(config, shape, diffusion);
  return { family: family.name, ...shape, ...readNormedRange(config), ...diffusion, ...ids };
}

/** Written by the int8 import; other tools' checkpoints do not have it. */
function readNormedRange(config: ConfigReader): Pick<DenoiserSpec, 'normedRange'> {
  const section = config.section('quantization_config');
  return section?.has('normed_range') ? { normedRange: section.positive('normed_range') } : {};
}

type Diffusion = Omit<DenoiserSpec, keyof DenoiserShape | 'family' | 'normedRange' | keyof Ids>;
type Ids = Pick<DenoiserSpec, 'stopTokenIds' | 'suppressedTokenIds'>;

const AUTOREGRESSIVE: Diffusion = { blockSize: 1, logitShift: 1, cleanAttention: 'causal' };

function readDiffusion(section: ConfigReader, { vocabSize }: DenoiserShape): Diffusion {
  return {
    maskTokenId: section.tokenId('mask_token_id', vocabSize),
    blockSize: section.count('block_size'),
    logitShift: section.choice('logit_shift', [0, 1] as const),
    cleanAttention: section.choice('clean_attention', CLEAN_ATTENTION),
    fim: readFim(section.section('fim'), vocabSize),
    samplerHead: readSamplerHead(section.section('sampler_head')),
  };
}

/** Tokens that end a response, and those that never appear in one. */
function readIds(config: ConfigReader, { vocabSize }: DenoiserShape, { maskTokenId, fim }: Diffusion): Ids {
  // Some published diffusion models name only the padding, which is the end of text.
  const endKey = maskTokenId !== undefined && !config.has('eos_token_id') ? 'pad_token_id' : 'eos_token_id';
  const endIds = [...config.tokenIds(endKey, vocabSize), ...(fim ? [fim.endTokenId] : [])];
  const markers = [maskTokenId, fim?.suffixTokenId, fim?.prefixTokenId, fim?.middleTokenId];
  const ids = {
    stopTokenIds: [...new Set(endIds)],
    suppressedTokenIds: markers.filter((id) => id !== undefined),
  };
  const both = ids.stopTokenIds.find((id) => ids.suppressedTokenIds.includes(id));
  if (both === undefined) return ids;
  const key = config.has('diffusion') ? 'diffusion' : endKey;
  throw config.refuse(key, `uses token ${both} both as the end and as the mask or a prompt marker`);
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
