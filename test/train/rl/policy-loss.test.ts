import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differentiate } from '../../../kernels/autodiff.ts';
import { Graph } from '../../../kernels/graph.ts';
import { evaluate } from '../../../kernels/naive-graph.ts';
import { policyLoss as policyLossGraph } from '../../../kernels/training/policy-loss.ts';
import {
  type JudgedResponse,
  lossSettings,
  needsOld,
  type ObjectiveSettings,
  objectiveTerms,
} from '../../../server/train/rl/objective.ts';
import { joinedTerms } from '../../../server/train/rl/policy-batches.ts';
import {
  divergence,
  type OtherLogProbs,
  type PolicyLossTerms,
  policyLoss,
} from '../../../server/train/rl/policy-loss.ts';
import { type Place, reductionFactors } from '../../../server/train/rl/reductions.ts';
import { testRandom } from '../../support/tiny-model.ts';

const near = (actual: number, expected: number, tolerance = 1e-12) =>
  assert.ok(Math.abs(actual - expected) < tolerance, `${actual} is not ${expected}`);

/** A response with the given numbers of scored tokens by state; `rounds` gives the rounds of the states. */
function response(
  advantage: number,
  correct: boolean,
  tokens: readonly number[],
  rounds = tokens.map((_, state) => state),
): JudgedResponse {
  const states = tokens.map((count, state) => ({
    start: 0,
    tokens: [],
    scored: Array.from({ length: count }, (_, position) => ({ position, id: 0 })),
    round: rounds[state],
  }));
  return { promptIds: [], responseIds: [], states, advantage, correct };
}

const RESPONSES = [
  response(1.2, true, [2, 1, 3], [0, 0, 1]),
  response(-0.7, false, [1, 1]),
  response(0.4, true, [4]),
  response(-1.5, true, [1, 2]),
];
const TOKENS = [6, 2, 4, 3];

const objective = (changes: Partial<ObjectiveSettings> = {}): ObjectiveSettings => ({
  ratio: 'token',
  clipLow: 0.2,
  clipHigh: 0.28,
  reduction: 'token',
  innerIterations: 2,
  ...changes,
});

/** Log-probabilities of all tokens; differences up to ±spread from others. */
function draw(seed: number, spread: number, others?: readonly number[]): number[] {
  const random = testRandom(seed);
  const count = TOKENS.reduce((sum, n) => sum + n, 0);
  return Array.from({ length: count }, (_, i) => (others ? others[i] : -1.5) + spread * (2 * random() - 1));
}

/** The graph of the loss alone, over log-probabilities as its parameter: value and gradient. */
function inGraph(
  logProbs: readonly number[],
  other: OtherLogProbs,
  terms: PolicyLossTerms,
  settings: ObjectiveSettings,
) {
  const graph = new Graph();
  const floats = (name: string, dim: string) => graph.input(name, 'f32', [dim]);
  const old = other.old && floats('old', 'tokens');
  const loss = policyLossGraph(
    graph,
    floats('logProbs', 'tokens'),
    {
      ...(old && { old }),
      ...(settings.kl && {
        reference: { logProbs: floats('reference', 'tokens'), weight: floats('klWeight', 'tokens') },
      }),
      nllWeight: floats('nllWeight', 'tokens'),
      unit: graph.input('unit', 'i64', ['tokens']),
      share: floats('share', 'tokens'),
      advantage: floats('advantage', 'units'),
      unitWeight: floats('unitWeight', 'units'),
    },
    lossSettings(settings),
  );
  const gradient = differentiate(graph, loss, ['logProbs']).get('logProbs')!;
  const given: Record<string, ArrayLike<number> | undefined> = { ...terms, ...other, logProbs };
  const inputs = new Map(
    graph.inputs.map(({ name }) => {
      const data = Float64Array.from(given[name]!);
      return [name, { dims: [data.length], data }];
    }),
  );
  const values = evaluate(graph, inputs);
  return { loss: values.get(loss)!.data[0], gradient: [...values.get(gradient)!.data] };
}

const RATIOS = ['token', 'step', 'sequence', 'sequence-mean'] as const;
const OBJECTIVES: ObjectiveSettings[] = [
  ...RATIOS.map((ratio) => objective({ ratio })),
  objective({
    reduction: 'response-mean',
    kl: { estimator: 'k1', to: 'reference', weight: 0.3, reduction: 'token' },
  }),
  objective({
    reduction: 'step-mean',
    kl: { estimator: 'k2', to: 'old', weight: 0.3, reduction: 'response-mean' },
  }),
  objective({
    reduction: 'round-mean',
    kl: { estimator: 'k3', to: 'reference', weight: 0.3, reduction: 'token' },
    nll: { weight: 0.5, reduction: 'token' },
  }),
  objective({ ratio: 'step', clipHigh: 1, ratioCap: 1.5, reduction: 'constant', constantLength: 16 }),
  objective({ innerIterations: 1, nll: { weight: 0.1, reduction: 'response-mean' } }),
];

for (const settings of OBJECTIVES) {
  const { innerIterations, ...shown } = settings;
  test(`loss in the graph: value of the plain one, gradient by differences: ${JSON.stringify(shown)}`, () => {
    const terms = joinedTerms(objectiveTerms(RESPONSES, settings));
    for (let seed = 1; seed <= 6; seed++) {
      const old = needsOld(settings) ? draw(seed, 0.6) : undefined;
      const logProbs = draw(seed + 20, 0.5, old);
      const reference = settings.kl?.to === 'old' ? old : draw(seed + 40, 0.5, logProbs);
      const other = { ...(old && { old }), ...(settings.kl && { reference }) };
      const { loss, gradient } = inGraph(logProbs, other, terms, settings);
      near(loss, policyLoss(logProbs, other, terms, lossSettings(settings)).loss, 1e-6);
      const step = 1e-6;
      gradient.forEach((slope, i) => {
        const at = (change: number) => {
          const moved = logProbs.with(i, logProbs[i] + change);
          // The sampling policy stays where it was.
          return policyLoss(moved, { old: logProbs, ...other }, terms, lossSettings(settings)).loss;
        };
        near(slope, (at(step) - at(-step)) / (2 * step), 1e-6);
      });
    }
  });
}

test('on-policy: every ratio is 1, the loss −mean A, its gradient −A / tokens', () => {
  const mean = [0, 1, 2, 3].reduce((sum, i) => sum + TOKENS[i] * RESPONSES[i].advantage, 0) / 15;
  for (const ratio of RATIOS) {
    const settings = objective({ ratio, innerIterations: 1 });
    const terms = joinedTerms(objectiveTerms(RESPONSES, settings));
    const logProbs = draw(5, 0.5);
    const plain = policyLoss(logProbs, {}, terms, lossSettings(settings));
    const weights = terms.unitWeight.reduce((sum, weight, unit) => sum + weight * terms.advantage[unit], 0);
    near(plain.loss, -weights);
    assert.deepEqual([plain.clipped, plain.clamped], [0, 0]);
    if (ratio !== 'token') continue;
    near(plain.loss, -mean);
    const advantages = RESPONSES.flatMap(({ advantage }, i) => Array<number>(TOKENS[i]).fill(advantage));
    const { loss, gradient } = inGraph(logProbs, {}, terms, settings);
    near(loss, -mean, 1e-6);
    gradient.forEach((slope, i) => void near(slope, -advantages[i] / 15, 1e-6));
  }
});

test('clipping: no gradient where the ratio has gone too far in favour of the advantage, else there is one', () => {
  const settings = objective();
  const slope = (advantage: number, change: number, changes: Partial<ObjectiveSettings> = {}) => {
    const one = [response(advantage, false, [1])];
    const terms = joinedTerms(objectiveTerms(one, { ...settings, ...changes }));
    return inGraph([-1 + change], { old: [-1] }, terms, { ...settings, ...changes }).gradient[0] + 0;
  };
  assert.equal(slope(1, 0.3), 0);
  near(slope(1, -0.3), -Math.exp(-0.3), 1e-6);
  assert.equal(slope(-1, -0.3), 0);
  near(slope(-1, 0.3), Math.exp(0.3), 1e-6);
  near(slope(-1, 2), Math.exp(2), 1e-6);
  assert.equal(slope(-1, 2, { ratioCap: 3 }), 0);
  // Beyond the limit of the log-ratio there is none either, and it is counted.
  assert.equal(slope(-1, 10.5), 0);
  const terms = joinedTerms(objectiveTerms([response(-1, false, [1]), response(1, false, [1])], settings));
  const { clipped, clamped } = policyLoss([-1, -1], { old: [-11.5, -1.5] }, terms, lossSettings(settings));
  assert.deepEqual([clipped, clamped], [1, 1]);
});

test('divergence: vectors, sign, and expectation over a whole distribution', () => {
  const at = (d: number) => (['k1', 'k2', 'k3'] as const).map((estimator) => divergence(estimator, d));
  assert.deepEqual(at(0), [0, 0, 0]);
  [0.3, 0.045, 0.040818].forEach((value, i) => void near(at(0.3)[i], value, 1e-6));
  [-0.3, 0.045, 0.049859].forEach((value, i) => void near(at(-0.3)[i], value, 1e-6));
  const [p, q] = [
    [0.5, 0.3, 0.2],
    [0.2, 0.2, 0.6],
  ];
  const expectation = (estimator: 'k1' | 'k3') =>
    p.reduce((sum, share, i) => sum + share * divergence(estimator, Math.log(share / q[i])), 0);
  near(expectation('k1'), expectation('k3'));
});

test('the anchor counts the tokens of successes only, and nothing where there are none', () => {
  const settings = objective({ nll: { weight: 0.5, reduction: 'token' } });
  const logProbs = draw(3, 0.5);
  const of = (responses: JudgedResponse[]) =>
    policyLoss(logProbs, {}, joinedTerms(objectiveTerms(responses, settings)), lossSettings(settings)).nll;
  const successes = [...logProbs.slice(0, 6), ...logProbs.slice(8)];
  near(of(RESPONSES), (-0.5 * successes.reduce((sum, value) => sum + value, 0)) / successes.length);
  assert.equal(of(RESPONSES.map((one) => ({ ...one, correct: false }))), 0);
});

const place = (response: number, state: number, round: number): Place => ({ response, state, round });

test('reductions: factors by hand; nothing has none', () => {
  const places = [place(0, 0, 0), place(0, 1, 0), place(0, 2, 1), place(1, 0, 0)];
  const factors = (reduction: Parameters<typeof reductionFactors>[1]) =>
    reductionFactors(places, reduction, 10);
  assert.deepEqual(factors('token'), [1 / 4, 1 / 4, 1 / 4, 1 / 4]);
  assert.deepEqual(factors('response-mean'), [1 / 6, 1 / 6, 1 / 6, 1 / 2]);
  assert.deepEqual(factors('step-mean'), [1 / 4, 1 / 4, 1 / 4, 1 / 4]);
  assert.deepEqual(factors('round-mean'), [1 / 6, 1 / 6, 1 / 3, 1 / 3]);
  assert.deepEqual(factors('constant'), [1 / 20, 1 / 20, 1 / 20, 1 / 20]);
  assert.deepEqual(reductionFactors([], 'round-mean', 10), []);
});

test('a step cut into batches, or spread over two machines, has the loss and the gradient of the whole', () => {
  for (const settings of OBJECTIVES) {
    const terms = objectiveTerms(RESPONSES, settings);
    const old = draw(1, 0.6);
    const logProbs = draw(2, 0.5, old);
    const reference = draw(3, 0.5, old);
    const whole = inGraph(logProbs, { old, reference }, joinedTerms(terms), settings);
    let [from, loss] = [0, 0];
    const gradient: number[] = [];
    for (const part of [terms.slice(0, 1), terms.slice(1, 3), terms.slice(3)]) {
      const to = from + joinedTerms(part).unit.length;
      const cut = (values: number[]) => values.slice(from, to);
      const result = inGraph(
        cut(logProbs),
        { old: cut(old), reference: cut(reference) },
        joinedTerms(part),
        settings,
      );
      loss += result.loss;
      gradient.push(...result.gradient);
      from = to;
    }
    near(loss, whole.loss);
    gradient.forEach((slope, i) => void near(slope, whole.gradient[i]));
  }
});
