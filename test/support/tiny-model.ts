import type { WeightReader } from '../../kernels/naive-forward.ts';
import type { SamplerHeadWeights } from '../../kernels/naive-sampler-head.ts';
import type { Denoiser } from '../../server/decode/denoiser.ts';
import { naiveDenoiser } from '../../server/decode/naive-denoiser.ts';
import { naiveSamplerHead } from '../../server/decode/naive-sampler-head.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';

/** Seeded random numbers for tests, independent of the project's own generator (mulberry32). */
export function testRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A causal window-diffusion model of two tiny layers; token 0 ends a response and the last token is the mask. */
export function tinySpec(overrides: Partial<DenoiserSpec> = {}): DenoiserSpec {
  const vocabSize = overrides.vocabSize ?? 9;
  return {
    family: 'llama',
    layers: 2,
    hiddenSize: 8,
    intermediateSize: 12,
    heads: 2,
    kvHeads: 1,
    headDim: 4,
    vocabSize,
    rmsEps: 1e-5,
    rope: { type: 'default', theta: 10000 },
    qkvBias: false,
    outputBias: false,
    qkNorm: false,
    tiedHead: true,
    maxPositions: 512,
    maskTokenId: vocabSize - 1,
    stopTokenIds: [0],
    suppressedTokenIds: [vocabSize - 1],
    blockSize: 6,
    logitShift: 1,
    cleanAttention: 'causal',
    ...overrides,
  };
}

/** Normally distributed weights, the same for the same seed; every name gets the size that the spec implies. */
export function tinyWeights(spec: DenoiserSpec, seed: number): WeightReader {
  const cache = new Map<string, Float64Array>();
  return (name) => {
    const known = cache.get(name);
    if (known) return known;
    const random = testRandom(seed ^ hash(name));
    const [rows, columns] = weightShape(spec, name);
    const scale = name.includes('norm') ? 0 : name.includes('embed') ? 1 : 1.5 / Math.sqrt(columns);
    const offset = name.includes('norm') ? 1 : 0;
    const values = Float64Array.from({ length: rows * columns }, () => offset + scale * normal(random));
    cache.set(name, values);
    return values;
  };
}

/** A denoiser over random weights, with a random sampler head of `candidates` candidates when asked for. */
export function tinyDenoiser(spec: DenoiserSpec, seed: number, candidates = 0): Denoiser {
  const head = candidates > 0 ? naiveSamplerHead(tinySamplerHead(spec, seed), candidates) : undefined;
  return naiveDenoiser(spec, tinyWeights(spec, seed), head);
}

/** The sampler head of `tinyDenoiser`. */
export function tinySamplerHead(spec: DenoiserSpec, seed: number): SamplerHeadWeights {
  const random = testRandom(seed ^ 0x5eed);
  const [size, inner] = [spec.hiddenSize, 10];
  const matrix = (length: number, scale: number) =>
    Float64Array.from({ length }, () => scale * normal(random));
  const embedding = tinyWeights(spec, seed)('model.embed_tokens.weight');
  const embeddingRow = (id: number) => embedding.subarray(id * size, (id + 1) * size);
  return {
    w1: matrix(inner * 2 * size, 1 / Math.sqrt(2 * size)),
    b1: matrix(inner, 1),
    w2: matrix(size * inner, 1 / Math.sqrt(inner)),
    b2: matrix(size, 1),
    embeddingScale: 1,
    embeddingRow,
    outputRow: embeddingRow,
  };
}

/** Text of token n is the n-th letter, so texts can be read back. */
export const LETTERS = {
  tokenText: (id: number) => String.fromCharCode(97 + id),
  stream: () => ({ push: LETTERS.tokenText }),
};

function weightShape(spec: DenoiserSpec, name: string): [number, number] {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim, vocabSize } = spec;
  if (name.includes('embed') || name.includes('lm_head')) return [vocabSize, hiddenSize];
  if (name.includes('q_proj')) return [heads * headDim, hiddenSize];
  if (name.includes('k_proj') || name.includes('v_proj')) return [kvHeads * headDim, hiddenSize];
  if (name.includes('o_proj')) return [hiddenSize, heads * headDim];
  if (name.includes('down_proj')) return [hiddenSize, intermediateSize];
  if (name.includes('_proj')) return [intermediateSize, hiddenSize];
  return [name.includes('q_norm') || name.includes('k_norm') ? headDim : hiddenSize, 1];
}

function hash(text: string): number {
  return [...text].reduce((code, letter) => Math.imul(code, 31) + letter.charCodeAt(0), 7);
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
