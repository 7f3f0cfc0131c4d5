import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../../kernels/naive-forward.ts';
import { decode } from '../../../server/decode/decode.ts';
import { Random } from '../../../server/decode/random.ts';
import { policyRows } from '../../../server/train/rl/policy-rows.ts';
import { REPLAYERS } from '../../../server/train/rl/replay/index.ts';
import { type Transition, transitionLogProb } from '../../../server/train/rl/transition.ts';
import { naiveLogProbs } from '../../support/naive-log-probs.ts';
import { LETTERS, testRandom, tinyDenoiser, tinySpec, tinyWeights } from '../../support/tiny-model.ts';

/** Every combination of "stays masked" and a token for each position. */
function outcomes(distributions: readonly (readonly number[])[]): Transition[][] {
  return distributions.reduce<Transition[][]>(
    (all, logProbs) =>
      all.flatMap((one) =>
        [undefined, ...logProbs.keys()].map((revealed) => [...one, { logProbs, revealed }]),
      ),
    [[]],
  );
}

const close = (actual: number, expected: number, tolerance = 1e-12) =>
  assert.ok(Math.abs(actual - expected) < tolerance, `${actual} is not ${expected}`);

test('the vector: two positions, threshold 0.9', () => {
  const [first, second] = [[0.95, 0.05].map(Math.log), [0.6, 0.4].map(Math.log)];
  const of = (a?: number, b?: number) =>
    Math.exp(
      transitionLogProb(
        [
          { logProbs: first, revealed: a },
          { logProbs: second, revealed: b },
        ],
        0.9,
      ),
    );
  close(of(0), 0.95);
  close(of(undefined, 0), 0.03);
  close(of(undefined, 1), 0.02);
  assert.deepEqual([of(), of(1), of(0, 0), of(1, 1)], [0, 0, 0, 0]);
});

test('the probabilities of all outcomes of a step add up to 1, equal ones among them', () => {
  const random = testRandom(4);
  for (let toy = 0; toy < 200; toy++) {
    const distributions = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
      // Whole numbers make ties.
      const weights = Array.from(
        { length: 2 + Math.floor(random() * 3) },
        () => 1 + Math.floor(random() * 4),
      );
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => Math.log(weight / total));
    });
    const threshold = [0.3, 0.5, 0.7, 0.9][toy % 4];
    const total = outcomes(distributions).reduce(
      (sum, one) => sum + Math.exp(transitionLogProb(one, threshold)),
      0,
    );
    close(total, 1, 1e-9);
  }
});

const SPEC = tinySpec({
  layers: 1,
  vocabSize: 4,
  cleanAttention: 'block',
  logitShift: 0,
  blockSize: 2,
  stopTokenIds: [],
});
const PROMPT = [1, 2];
const THRESHOLD = 0.45;
const SEED = 17;
type Weights = ReturnType<typeof tinyWeights>;
type Window = (number | null)[];

/** log p of tokens 0, 1 and 2 at the masked positions of a block behind the prompt. */
function distributions(weights: Weights, window: Window): (number[] | undefined)[] {
  const ids = [...PROMPT, ...window.map((id) => id ?? SPEC.maskTokenId!)];
  const { logits } = naiveForward(SPEC, weights, {
    ids,
    positions: [0, 1, 2, 3],
    visible: (row, column) => row >= 2 || column < 2,
  });
  return window.map((id, i) => {
    if (id !== null) return undefined;
    const scores = [...logits.subarray((2 + i) * SPEC.vocabSize, (2 + i) * SPEC.vocabSize + 3)];
    const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
    return scores.map((score) => score - total);
  });
}

interface Path {
  window: Window;
  /** With and without the positions that stay masked. */
  logProb: number;
  tokensOnly: number;
}

/** Every way to decode a block of two tokens. */
function paths(weights: Weights, window: Window = [null, null]): Path[] {
  if (!window.includes(null)) return [{ window, logProb: 0, tokensOnly: 0 }];
  const known = distributions(weights, window);
  const masked = [...window.keys()].filter((at) => window[at] === null);
  return outcomes(masked.map((at) => known[at]!)).flatMap((step) => {
    const logProb = transitionLogProb(step, THRESHOLD);
    if (logProb === Number.NEGATIVE_INFINITY) return [];
    const next = window.with(0, window[0]);
    let tokens = 0;
    for (const [i, { logProbs, revealed }] of step.entries()) {
      if (revealed === undefined) continue;
      next[masked[i]] = revealed;
      tokens += logProbs[revealed];
    }
    return paths(weights, next).map((path) => ({
      window: path.window,
      logProb: logProb + path.logProb,
      tokensOnly: tokens + path.tokensOnly,
    }));
  });
}

test('responses are as frequent as the transitions say (χ²)', async () => {
  const exact = new Map<string, number>();
  for (const { window, logProb } of paths(tinyWeights(SPEC, SEED))) {
    exact.set(window.join(), (exact.get(window.join()) ?? 0) + Math.exp(logProb));
  }
  close(
    [...exact.values()].reduce((sum, probability) => sum + probability, 0),
    1,
    1e-9,
  );
  const counts = new Map<string, number>();
  const denoiser = tinyDenoiser(SPEC, SEED);
  const draws = 1500;
  for (let seed = 0; seed < draws; seed++) {
    const settings = { threshold: THRESHOLD, maxTokens: 2, temperature: 1, topK: 3, seed };
    const hooks = { cancelled: () => false, candidates: 0 };
    const { responseIds } = await decode(denoiser, LETTERS, denoiser.newCache(), PROMPT, settings, hooks);
    counts.set(responseIds.join(), (counts.get(responseIds.join()) ?? 0) + 1);
  }
  let statistic = 0;
  for (const [response, probability] of exact) {
    statistic += ((counts.get(response) ?? 0) - draws * probability) ** 2 / (draws * probability);
  }
  const freedom = exact.size - 1;
  assert.ok((statistic - freedom) / Math.sqrt(2 * freedom) < 4, `${statistic} for ${freedom}`);
});

test('score function: the expected slope is 0, and that of the reward what differences give', () => {
  const name = 'model.layers.0.mlp.up_proj.weight';
  const original = tinyWeights(SPEC, SEED);
  const reward = ({ window }: Path) => (window[0] === 1 ? 1 : 0) + (window[1] === 2 ? 0.5 : 0);
  const moved =
    (change: number): Weights =>
    (weight) =>
      weight === name
        ? original(weight).map((value, i) => (i === 5 ? value + change : value))
        : original(weight);
  const step = 1e-5;
  const [here, up, down] = [0, step, -step].map((change) => paths(moved(change)));
  assert.deepEqual(
    up.map(({ window }) => window),
    here.map(({ window }) => window),
  );
  const sum = (value: (path: Path, i: number) => number) =>
    here.reduce((total, path, i) => total + Math.exp(path.logProb) * value(path, i), 0);
  const slope = (of: 'logProb' | 'tokensOnly') => (_: Path, i: number) =>
    (up[i][of] - down[i][of]) / (2 * step);
  const expected = (all: Path[]) =>
    all.reduce((total, path) => total + Math.exp(path.logProb) * reward(path), 0);
  const truth = (expected(up) - expected(down)) / (2 * step);
  close(sum(slope('logProb')), 0, 1e-9);
  close(
    sum((path, i) => reward(path) * slope('logProb')(path, i)),
    truth,
    1e-9,
  );
  // The likelihood of the tokens alone is no likelihood: its expected slope is not 0, and its estimate is biased.
  const bias = sum((path, i) => reward(path) * slope('tokensOnly')(path, i)) - truth;
  assert.ok(Math.abs(sum(slope('tokensOnly'))) > 1e-4);
  assert.ok(Math.abs(bias) > 0.01 * Math.abs(truth), `${bias} of ${truth}`);
});

test('replayed with the positions that stayed masked: the sum of the transitions of the steps', async () => {
  const weights = tinyWeights(SPEC, SEED);
  const replay = {
    replayer: 'exact',
    likelihood: 'transition',
    shrink: 1,
    promptMask: 0,
    scoreAfterEnd: true,
  } as const;
  // Few tokens reach it, so that most steps reveal one for want of a better.
  const threshold = 0.8;
  let stayed = 0;
  for (let seed = 0; seed < 30; seed++) {
    const settings = { threshold, maxTokens: 2, temperature: 1, topK: 3, seed };
    const hooks = { cancelled: () => false, candidates: 3 };
    const denoiser = tinyDenoiser(SPEC, SEED);
    const recorded = await decode(denoiser, LETTERS, denoiser.newCache(), PROMPT, settings, hooks);
    const expected = recorded.steps.reduce((sum, { window, revealed }) => {
      const step = distributions(weights, window).flatMap((logProbs, position): Transition[] => {
        const id = revealed.find((one) => one.position === position)?.id;
        return logProbs ? [{ logProbs, ...(id !== undefined && { revealed: id }) }] : [];
      });
      stayed += step.filter((one) => one.revealed === undefined).length;
      return sum + transitionLogProb(step, threshold);
    }, 0);
    const states = REPLAYERS.exact.states(recorded, SPEC, replay, new Random(1));
    const actual = naiveLogProbs(SPEC, weights, policyRows(SPEC, [{ ...recorded, states }]), { best: 3 });
    close(
      actual.reduce((sum, value) => sum + value, 0),
      expected,
      1e-9,
    );
  }
  assert.ok(stayed > 10, `${stayed}`);
});
