import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser, ForwardResult, KvCache } from '../../server/decode/denoiser.ts';
import type { DecodeSettings } from '../../server/protocol.ts';
import { LETTERS, tinyDenoiser, tinySpec, tinyWeights } from '../support/tiny-model.ts';

const SEED = 7;
const PROMPT = [1, 2];
const DRAWS = 12000;
const SPEC = tinySpec({ vocabSize: 5, blockSize: 4, maxPositions: 64 });
const WEIGHTS = tinyWeights(SPEC, SEED);

interface Sampling {
  maxTokens: number;
  temperature: number;
  topK: number;
}

/** Exact probability of every response under the autoregressive model, by enumeration over the plain network. */
function exactResponses({ maxTokens, temperature, topK }: Sampling): Map<string, number> {
  const responses = new Map<string, number>();
  const extend = (response: number[], probability: number) => {
    const ended = response.length === maxTokens || response.at(-1) === 0;
    if (ended) {
      responses.set(response.join(), probability);
      return;
    }
    const ids = [...PROMPT, ...response];
    const { logits } = naiveForward(SPEC, WEIGHTS, {
      ids,
      positions: [...ids.keys()],
      visible: (row, column) => column <= row,
    });
    const last = logits.subarray((ids.length - 1) * SPEC.vocabSize);
    const allowed = [0, 1, 2, 3].sort((a, b) => last[b] - last[a]).slice(0, topK);
    const total = allowed.reduce((sum, id) => sum + Math.exp(last[id] / temperature), 0);
    for (const id of allowed)
      extend([...response, id], (probability * Math.exp(last[id] / temperature)) / total);
  };
  extend([], 1);
  return responses;
}

/** The same rows are asked for thousands of times: remembers what the network answered. */
function remembering(denoiser: Denoiser): Denoiser {
  const known = new Map<string, ForwardResult>();
  return {
    ...denoiser,
    async forward(request) {
      const key = JSON.stringify([request.cache.tokens, request.ids, request.select]);
      const { cache } = request;
      const answer = known.get(key) ?? (await denoiser.forward(request));
      known.set(key, answer);
      const rows = request.ids;
      return { ...answer, commit: (count) => (cache as TokenCache).tokens.push(...rows.slice(0, count)) };
    },
    newCache: () => new TokenCache(),
  };
}

interface SeeingRow {
  id: number;
  position: number;
  sees: Set<SeeingRow>;
}

/** The naive denoiser wants rows of its own; here the committed tokens say everything, for rows are causal. */
class TokenCache {
  tokens: number[] = [];
  get length() {
    return this.tokens.length;
  }
  get rows() {
    const rows: SeeingRow[] = [];
    for (const [position, id] of this.tokens.entries()) {
      const row = { id, position, sees: new Set(rows) };
      rows.push(row);
      row.sees.add(row);
    }
    return rows;
  }
  truncate(length: number) {
    this.tokens.length = length;
  }
  copy({ tokens }: KvCache) {
    this.tokens = [...tokens];
  }
}

/** Pearson's statistic in standard deviations above its mean; responses expected fewer than five times are pooled. */
function excess(counts: Map<string, number>, exact: Map<string, number>): number {
  let [statistic, cells, rareExpected, rareCount] = [0, 0, 0, 0];
  for (const [response, probability] of exact) {
    const expected = probability * DRAWS;
    const count = counts.get(response) ?? 0;
    if (expected < 5) {
      rareExpected += expected;
      rareCount += count;
      continue;
    }
    statistic += (count - expected) ** 2 / expected;
    cells++;
  }
  if (rareExpected > 1) {
    statistic += (rareCount - rareExpected) ** 2 / rareExpected;
    cells++;
  }
  return (statistic - (cells - 1)) / Math.sqrt(2 * (cells - 1));
}

async function draw(denoiser: Denoiser, settings: Partial<DecodeSettings>) {
  const counts = new Map<string, number>();
  let [rollbacks, forwards, tokens] = [0, 0, 0];
  for (let seed = 0; seed < DRAWS; seed++) {
    const result = await decode(
      denoiser,
      LETTERS,
      denoiser.newCache(),
      PROMPT,
      { ...settings, seed },
      { cancelled: () => false, candidates: 0 },
    );
    const response = result.responseIds.join();
    counts.set(response, (counts.get(response) ?? 0) + 1);
    rollbacks += result.rollbacks;
    forwards += result.forwards.total;
    tokens += result.responseIds.length;
  }
  return { counts, rollbacks, forwards, tokens };
}

const SAMPLING: Sampling = { maxTokens: 4, temperature: 1.3, topK: 4 };
const CASES: { name: string; settings: Partial<DecodeSettings>; candidates: number }[] = [
  { name: 'ar', settings: { mode: 'ar' }, candidates: 0 },
  { name: 'verified, threshold 0', settings: { mode: 'verified', threshold: 0 }, candidates: 0 },
  { name: 'verified, threshold 0.35', settings: { mode: 'verified', threshold: 0.35 }, candidates: 0 },
  { name: 'verified, chained, threshold 0', settings: { mode: 'verified', threshold: 0 }, candidates: 3 },
  { name: 'verified, chained, threshold 0.4', settings: { mode: 'verified', threshold: 0.4 }, candidates: 3 },
  {
    name: 'verified, chained, windows behind every token',
    settings: { mode: 'verified', threshold: 0, windowChance: 0 },
    candidates: 3,
  },
  { name: 'verified, best two', settings: { mode: 'verified', threshold: 0.2, topK: 2 }, candidates: 0 },
];

for (const { name, settings, candidates } of CASES) {
  test(`sampled responses have the autoregressive distribution (χ²): ${name}`, async () => {
    const sampling = { ...SAMPLING, ...settings };
    const exact = exactResponses(sampling);
    const denoiser = remembering(tinyDenoiser(SPEC, SEED, candidates));
    const { counts, rollbacks, forwards, tokens } = await draw(denoiser, sampling);
    assert.ok([...counts.keys()].every((response) => exact.has(response)));
    const sigmas = excess(counts, exact);
    assert.ok(sigmas < 4, `${sigmas.toFixed(2)} standard deviations above the mean of χ²`);
    if (settings.mode === 'verified') assert.ok(rollbacks > 100 && forwards < tokens);
  });
}
