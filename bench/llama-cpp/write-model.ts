import { readFile } from 'node:fs/promises';
import { GLOBAL_NAMES, LAYER_NAMES } from '../../server/models/gguf-names.ts';
import type { ModelFolder } from '../../server/models/model-folder.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';
import type { Storage } from './ggml-quantize.ts';
import { type GgufTensor, type GgufValue, writeGguf } from './gguf-writer.ts';

/** What the projections, and the embedding with the head, are stored as; norms are always F32. */
export interface GgufQuantization {
  projections: Storage;
  embedding: Storage;
}

/** Writes a Llama model folder as a GGUF file for llama.cpp: the same weights, requantised. */
export async function writeModelAsGguf(
  model: ModelFolder,
  file: string,
  quantization: GgufQuantization,
): Promise<void> {
  const tensors = [...expectedWeights(model.spec)].map(([name, { dims, quantizable }]): GgufTensor => {
    const heads = permutedHeads(name, model);
    return {
      name: ggufName(name),
      dims,
      storage: !quantizable
        ? 'F32'
        : /embed_tokens|lm_head/.test(name)
          ? quantization.embedding
          : quantization.projections,
      read: async () => {
        const values = await model.readTensor(name);
        return heads > 0 ? permuteHeads(values, heads, model.spec.headDim) : values;
      },
    };
  });
  await writeGguf(file, { ...shapeMetadata(model), ...(await tokenizerMetadata(model)) }, tensors);
}

/** The llama.cpp name of a Hugging Face weight. */
function ggufName(name: string): string {
  const [, layer, stem, kind] = /^(?:model\.layers\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(name)!;
  const names = Object.entries(layer === undefined ? GLOBAL_NAMES : LAYER_NAMES);
  const [own] = names.find(([, huggingFace]) => huggingFace === stem)!;
  return layer === undefined ? `${own}.${kind}` : `blk.${layer}.${own}.${kind}`;
}

function permutedHeads(name: string, { spec }: ModelFolder): number {
  if (name.includes('.q_proj.')) return spec.heads;
  return name.includes('.k_proj.') ? spec.kvHeads : 0;
}

/** llama.cpp rotates neighbouring pairs of a head where Hugging Face rotates its two halves: rows are reordered. */
function permuteHeads(rows: Float32Array, heads: number, headDim: number): Float32Array {
  const columns = rows.length / (heads * headDim);
  const permuted = new Float32Array(rows.length);
  for (let row = 0; row < heads * headDim; row++) {
    const inHead = row % headDim;
    const half = headDim / 2;
    const to = row - inHead + (inHead % half) * 2 + Math.floor(inHead / half);
    permuted.set(rows.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return permuted;
}

function shapeMetadata({ name, spec }: ModelFolder): Record<string, GgufValue> {
  return {
    'general.architecture': { type: 'string', value: 'llama' },
    'general.name': { type: 'string', value: name },
    'llama.block_count': { type: 'u32', value: spec.layers },
    'llama.context_length': { type: 'u32', value: spec.maxPositions },
    'llama.embedding_length': { type: 'u32', value: spec.hiddenSize },
    'llama.feed_forward_length': { type: 'u32', value: spec.intermediateSize },
    'llama.attention.head_count': { type: 'u32', value: spec.heads },
    'llama.attention.head_count_kv': { type: 'u32', value: spec.kvHeads },
    'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: spec.rmsEps },
    'llama.rope.dimension_count': { type: 'u32', value: spec.headDim },
    'llama.rope.freq_base': { type: 'f32', value: spec.rope.theta },
    'llama.vocab_size': { type: 'u32', value: spec.vocabSize },
  };
}

/** As much of the byte-level BPE as llama.cpp wants before it loads; prompts are handed over as token ids. */
async function tokenizerMetadata(model: ModelFolder): Promise<Record<string, GgufValue>> {
  const tokenizer = JSON.parse(await readFile(model.tokenizerPath!, 'utf8'));
  const tokens: string[] = Array.from({ length: model.spec.vocabSize }, (_, id) => `<unused ${id}>`);
  for (const [token, id] of Object.entries<number>(tokenizer.model.vocab)) tokens[id] = token;
  const special = new Set<number>(tokenizer.added_tokens.map((token: { id: number }) => token.id));
  for (const token of tokenizer.added_tokens) tokens[token.id] = token.content;
  const merges = tokenizer.model.merges.map((merge: string | string[]) =>
    Array.isArray(merge) ? merge.join(' ') : merge,
  );
  return {
    'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
    'tokenizer.ggml.pre': { type: 'string', value: 'smollm' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    // 1 is an ordinary token, 3 a control token.
    'tokenizer.ggml.token_type': { type: 'i32s', value: tokens.map((_, id) => (special.has(id) ? 3 : 1)) },
    'tokenizer.ggml.merges': { type: 'strings', value: merges },
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: 0 },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: model.spec.stopTokenIds[0] },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: false },
  };
}
