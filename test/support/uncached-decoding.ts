/**
 * Threshold decoding written down once more without cache, sessions or rolling state: every step lays out all rows
 * from the first prompt token on and asks the plain network, and tries every set of positions to reveal. Greedy, without
 * a sampler head.
 */
import { naiveForward, type WeightReader } from '../../kernels/naive-forward.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import { bruteForceReveal, type Masked, type PolicySettings } from './brute-force-policies.ts';

export interface UncachedSettings extends PolicySettings {
  window: number;
  maxTokens: number;
  /** Denoising steps of a block. */
  steps?: number;
}

interface Guess extends Masked {
  id: number;
}

export interface UncachedResult {
  responseIds: number[];
  /** What each step revealed, as [position, id]. */
  steps: [number, number][][];
}

type Decoder = (
  spec: DenoiserSpec,
  weights: WeightReader,
  prompt: number[],
  settings: UncachedSettings,
) => UncachedResult;

/** Sliding window over a causal model with shift 1. */
export const uncachedThreshold: Decoder = (spec, weights, prompt, { threshold, window, maxTokens }) => {
  const response: (number | null)[] = Array(maxTokens).fill(null);
  const steps: [number, number][][] = [];
  for (;;) {
    const first = response.indexOf(null);
    const end = Math.min(first + window, maxTokens);
    const clean = [...prompt, ...(response.slice(0, first) as number[])];
    // The noisy rows first … end − 2 follow the clean rows, and row r predicts position r + 1.
    const ids = [...clean, ...response.slice(first, end - 1).map((id) => id ?? spec.maskTokenId!)];
    const visible = (row: number, column: number) => row >= clean.length || column <= row;
    const predict = predictions(spec, weights, ids, visible);
    const guesses = range(first, end)
      .filter((position) => response[position] === null)
      .map((position) => ({ position, ...predict(prompt.length + position - 1) }));
    const chosen = choose(guesses, 1, { threshold });
    const alone = guesses.length - chosen.length === 1 && !chosen.includes(guesses[0]);
    if (alone) chosen.unshift(guesses[0]);
    for (const { position, id } of chosen) response[position] = id;
    steps.push(chosen.map(({ position, id }) => [position, id]));
    const ended = finished(spec, response);
    if (ended) return { responseIds: ended, steps };
  }
};

/** Blocks on the grid from the first prompt token on; rows predict their own position. */
export const uncachedBlocks: Decoder = (spec, weights, prompt, settings) => {
  const { maxTokens } = settings;
  const size = spec.blockSize;
  const stepsOfBlock = settings.steps ?? size;
  let block = -1;
  let step = 0;
  const response: (number | null)[] = Array(maxTokens).fill(null);
  const steps: [number, number][][] = [];
  for (;;) {
    const first = response.indexOf(null);
    const blockEnd = (Math.floor((prompt.length + first) / size) + 1) * size;
    step = block === blockEnd ? step + 1 : 0;
    block = blockEnd;
    const least = Math.max(1, Math.floor(size / stepsOfBlock) + (step < size % stepsOfBlock ? 1 : 0));
    const tokens = [...prompt, ...response];
    const ids = range(0, blockEnd).map((at) => tokens[at] ?? spec.maskTokenId!);
    const visible = (row: number, column: number) => Math.floor(column / size) <= Math.floor(row / size);
    const predict = predictions(spec, weights, ids, visible);
    const guesses = range(first, Math.min(blockEnd - prompt.length, maxTokens))
      .filter((position) => response[position] === null)
      .map((position) => ({ position, ...predict(prompt.length + position) }));
    const chosen = choose(guesses, least, settings);
    for (const { position, id } of chosen) response[position] = id;
    steps.push(chosen.map(({ position, id }) => [position, id]));
    const ended = finished(spec, response);
    if (ended) return { responseIds: ended, steps };
  }
};

function predictions(
  spec: DenoiserSpec,
  weights: WeightReader,
  ids: number[],
  visible: (row: number, column: number) => boolean,
) {
  const { logits } = naiveForward(spec, weights, { ids, positions: [...ids.keys()], visible });
  return (row: number) => {
    const allowed = range(0, spec.vocabSize).filter((id) => !spec.suppressedTokenIds.includes(id));
    const logit = (id: number) => logits[row * spec.vocabSize + id];
    const best = allowed.reduce((a, b) => (logit(b) > logit(a) ? b : a));
    const total = allowed.reduce((sum, id) => sum + Math.exp(logit(id)), 0);
    const share = (id: number) => Math.exp(logit(id)) / total;
    const entropy = -allowed.reduce((sum, id) => sum + share(id) * Math.log(share(id)), 0);
    return { id: best, probability: share(best), entropy };
  };
}

function choose(guesses: Guess[], least: number, settings: PolicySettings): Guess[] {
  const positions = bruteForceReveal(guesses, least, settings);
  return guesses.filter(({ position }) => positions.includes(position));
}

/** The response up to its end, once everything before the end is revealed. */
function finished(spec: DenoiserSpec, response: (number | null)[]): number[] | undefined {
  const gap = response.indexOf(null);
  const revealed = response.slice(0, gap < 0 ? undefined : gap) as number[];
  const stop = revealed.findIndex((id) => spec.stopTokenIds.includes(id));
  if (stop >= 0) return revealed.slice(0, stop + 1);
  return gap < 0 ? revealed : undefined;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
