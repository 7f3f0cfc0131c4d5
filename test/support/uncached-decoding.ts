/**
 * Threshold decoding written down once more without cache, sessions or rolling state: every step lays out all rows
 * from the first prompt token on and asks the plain network, and tries every set of positions to reveal. Greedy, without
 * a sampler head.
 */
import { type NaiveRows, naiveForward, type WeightReader } from '../../kernels/naive-forward.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import { bruteForceReveal, type Masked, type PolicySettings } from './brute-force-policies.ts';

export interface UncachedSettings extends PolicySettings {
  window: number;
  maxTokens: number;
  /** Denoising steps of a block. */
  steps?: number;
  suffixIds?: number[];
  cache?: 'prefix' | 'dual';
  refresh?: number;
}

interface Guess extends Masked {
  id: number;
}

export interface UncachedResult {
  responseIds: number[];
  /** What each step revealed, as [position, id]. */
  steps: [number, number][][];
}

/** Logits of every row, one row after the other. */
export type Logits = (rows: NaiveRows) => ArrayLike<number>;

type Decoder = (
  spec: DenoiserSpec,
  logits: Logits,
  prompt: number[],
  settings: UncachedSettings,
) => UncachedResult;

/** Sliding window over a causal model with shift 1. */
export const uncachedThreshold: Decoder = (spec, logitsOf, prompt, { threshold, window, maxTokens }) => {
  const response: (number | null)[] = Array(maxTokens).fill(null);
  const steps: [number, number][][] = [];
  for (;;) {
    const first = response.indexOf(null);
    const end = Math.min(first + window, maxTokens);
    const clean = [...prompt, ...(response.slice(0, first) as number[])];
    // The noisy rows first … end − 2 follow the clean rows, and row r predicts position r + 1.
    const ids = [...clean, ...response.slice(first, end - 1).map((id) => id ?? spec.maskTokenId!)];
    const visible = (row: number, column: number) => row >= clean.length || column <= row;
    const predict = predictions(spec, logitsOf, { ids, positions: [...ids.keys()], visible });
    const guesses = range(first, end)
      .filter((position) => response[position] === null)
      .map((position) => ({ position, ...predict(prompt.length + position - 1) }));
    // What the clean rows predict is written whatever its probability.
    const sure = [{ ...guesses[0], probability: 1, entropy: 0 }, ...guesses.slice(1)];
    const chosen = choose(sure, 1, { threshold });
    for (const { position, id } of chosen) response[position] = id;
    steps.push(chosen.map(({ position, id }) => [position, id]));
    const ended = finished(spec, response);
    if (ended) return { responseIds: ended, steps };
  }
};

/**
 * Blocks on the grid from the first prompt token on. Rows predict their own position; with shift 1 the next one, so that
 * the first of a block comes from the clean block before it. Sub-blocks from left to right.
 */
export const uncachedBlocks: Decoder = (spec, logitsOf, prompt, settings) => {
  const { maxTokens } = settings;
  const { blockSize: size, subBlockSize = size, logitShift: shift } = spec;
  const response: (number | null)[] = Array(maxTokens).fill(null);
  const steps: [number, number][][] = [];
  const blockOf = (row: number) => Math.floor(row / size);
  const visible = (row: number, column: number) => blockOf(column) <= blockOf(row);
  const count = stepCounter();
  for (;;) {
    const first = response.indexOf(null);
    const tokens = [...prompt, ...response];
    const at = prompt.length + first;
    const fromBlockBefore = shift === 1 && at % size === 0;
    const blockEnd = (blockOf(at) + 1) * size;
    const ids = range(0, fromBlockBefore ? at : blockEnd).map((i) => tokens[i] ?? spec.maskTokenId!);
    const predict = predictions(spec, logitsOf, { ids, positions: [...ids.keys()], visible });
    // A sub-block starts on the grid.
    const end = at - (at % subBlockSize) + subBlockSize - prompt.length;
    const guesses = range(first, fromBlockBefore ? first + 1 : Math.min(end, maxTokens))
      .filter((position) => response[position] === null)
      .map((position) => ({ position, ...predict(prompt.length + position - shift) }));
    const least = fromBlockBefore ? 1 : leastOf(subBlockSize, settings, count(end));
    const chosen = choose(guesses, least, settings);
    for (const { position, id } of chosen) response[position] = id;
    steps.push(chosen.map(({ position, id }) => [position, id]));
    const ended = finished(spec, response);
    if (ended) return { responseIds: ended, steps };
  }
};

/**
 * Full attention over the prompt, the whole response and what follows it. What a cache keeps of its rows is written as
 * rows of its own: copies of all rows as they were when the cache was filled, which see each other only, and in place of
 * which the computed rows see themselves.
 */
export const uncachedFull: Decoder = (spec, logitsOf, prompt, settings) => {
  const { maxTokens, window, suffixIds = [], cache, refresh = Number.POSITIVE_INFINITY } = settings;
  const response: (number | null)[] = Array(maxTokens).fill(null);
  const steps: [number, number][][] = [];
  const count = stepCounter();
  let filled: number[] = [];
  for (;;) {
    const first = response.indexOf(null);
    const start = first - (first % window);
    const end = Math.min(start + window, maxTokens);
    const step = count(start);
    const ids = [...prompt, ...response, ...suffixIds].map((id) => id ?? spec.maskTokenId!);
    if (step % refresh === 0) filled = ids;
    const computed = [...ids.keys()].filter((at) => {
      const before = at < prompt.length + start - spec.logitShift;
      const behind = at >= prompt.length + end;
      return cache === undefined || (!before && !(cache === 'dual' && behind));
    });
    const rows = [...filled.map((id, at) => ({ id, at })), ...computed.map((at) => ({ id: ids[at], at }))];
    const isCopy = (row: number) => row < filled.length;
    const visible = (row: number, column: number) =>
      isCopy(row) ? isCopy(column) : !isCopy(column) || !computed.includes(rows[column].at);
    const predict = predictions(spec, logitsOf, {
      ids: rows.map(({ id }) => id),
      positions: rows.map(({ at }) => at),
      visible,
    });
    const guesses = range(start, end)
      .filter((position) => response[position] === null)
      .map((position) => {
        const row = computed.indexOf(prompt.length + position - spec.logitShift);
        return { position, ...predict(filled.length + row) };
      });
    const chosen = choose(guesses, leastOf(end - start, settings, step), settings);
    for (const { position, id } of chosen) response[position] = id;
    steps.push(chosen.map(({ position, id }) => [position, id]));
    const ended = finished(spec, response);
    if (ended) return { responseIds: ended, steps };
  }
};

/** Counts the calls with the same key that follow each other, from 0. */
function stepCounter(): (key: number) => number {
  let last: number | undefined;
  let step = 0;
  return (key) => {
    step = key === last ? step + 1 : 0;
    last = key;
    return step;
  };
}

/** Positions that a step reveals at least. */
function leastOf(size: number, { steps = size }: UncachedSettings, step: number): number {
  return Math.max(1, Math.floor(size / steps) + (step < size % steps ? 1 : 0));
}

/** The plain network. */
export function naiveLogits(spec: DenoiserSpec, weights: WeightReader): Logits {
  return (rows) => naiveForward(spec, weights, rows).logits;
}

function predictions(spec: DenoiserSpec, logitsOf: Logits, rows: NaiveRows) {
  const logits = logitsOf(rows);
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
