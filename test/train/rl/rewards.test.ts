import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StopReason } from '../../../server/protocol.ts';
import { advantages, rewardSums } from '../../../server/train/rl/advantage.ts';
import { type FilterName, GroupCollector } from '../../../server/train/rl/group-filter.ts';
import { cosineCurve } from '../../../server/train/rl/rewards/cosine-curve.ts';
import { REWARDS, type RewardName } from '../../../server/train/rl/rewards/index.ts';
import type { RewardSettings } from '../../../server/train/rl/rewards/reward-term.ts';
import { isCorrect, type Rollout } from '../../../server/train/rl/rollout.ts';
import { shuffledAt } from '../../../server/train/shuffled.ts';

interface Facts {
  correct?: boolean;
  tokens?: number | number[];
  forwards?: number;
  stop?: StopReason;
  maxTokens?: number;
  window?: number;
  passed?: number;
  verdict?: Rollout['verdict']['verdict'];
}

/** A rollout of which only what rewards look at is there. */
function rollout(facts: Facts = {}): Rollout {
  const { correct = true, tokens = 8, forwards = 4, stop = 'token', maxTokens = 16, window = 5 } = facts;
  const responseIds = typeof tokens === 'number' ? Array.from({ length: tokens }, (_, i) => i) : tokens;
  const trajectory = {
    responseIds,
    stop,
    settings: { maxTokens, window },
    forwards: { prefill: 1, denoise: forwards, total: forwards + 1 },
    tpf: { denoise: responseIds.length / forwards, total: responseIds.length / (forwards + 1) },
  };
  const verdict = {
    verdict: facts.verdict ?? (correct ? 'passed' : 'failed'),
    passed: facts.passed ?? 0,
    total: 3,
  };
  return { trajectory, verdict, correct } as unknown as Rollout;
}

const raw = (term: RewardName, facts: Facts, settings: Partial<RewardSettings> = {}) =>
  REWARDS[term](rollout(facts), { term, weight: 1, gate: 'always', normaliser: 'none', ...settings });

const near = (actual: readonly number[], expected: readonly number[], tolerance = 1e-4) => {
  assert.equal(actual.length, expected.length);
  actual.forEach(
    (value, i) => void assert.ok(Math.abs(value - expected[i]) < tolerance, `${actual} ${expected}`),
  );
};

const term = (name: RewardName, changes: Partial<RewardSettings> = {}): RewardSettings => ({
  term: name,
  weight: 1,
  gate: 'always',
  normaliser: 'z',
  ...changes,
});

/** Correctness 1, 1, 0, 0 and TPF 2, 4, 6, 8. */
const VECTOR = [2, 4, 6, 8].map((tpf, i) => rollout({ correct: i < 2, tokens: 2 * tpf, forwards: 2 }));
const DECOUPLED = [term('correct'), term('tpf')];

test('decoupled normalisation: the vector, in which a fast wrong answer gains', () => {
  near(rewardSums(VECTOR, DECOUPLED), [-0.3416, 0.5528, -0.5528, 0.3416]);
  near(advantages([VECTOR], DECOUPLED, { baseline: 'batch-z' })[0], [-0.6439, 1.0418, -1.0418, 0.6439]);
});

test('gated speed: wrong answers gain nothing, whether they take part in the scale or not', () => {
  const [first, second, third, fourth] = rewardSums(VECTOR, [term('tpf', { gate: 'correct' })]);
  near([first, second, third, fourth], [-1, 1, 0, 0]);
  const zeroed = rewardSums(VECTOR, [term('tpf', { gate: 'times-correct', normaliser: 'none' })]);
  assert.deepEqual(zeroed, [2, 4, 0, 0]);
  const scaled = rewardSums(VECTOR, [term('tpf', { gate: 'times-correct' })]);
  assert.ok(scaled[2] === scaled[3] && scaled[2] < scaled[0]);
});

test('affine changes of a term leave decoupled advantages alone, and change joint ones', () => {
  const faster = [3, 11, 19, 27].map((tpf, i) => rollout({ correct: i < 2, tokens: 2 * tpf, forwards: 2 }));
  near(rewardSums(faster, DECOUPLED), rewardSums(VECTOR, DECOUPLED), 1e-12);
  const joint = [term('correct', { normaliser: 'none' }), term('tpf', { normaliser: 'none' })];
  const of = (group: Rollout[]) => advantages([group], joint, { baseline: 'group-z' })[0];
  assert.ok(Math.abs(of(faster)[1] - of(VECTOR)[1]) > 0.01);
});

test('baselines and normalisers: deviations, equal values, single responses', () => {
  const equal = [rollout(), rollout(), rollout()];
  near(rewardSums(equal, [term('tpf')]), [0, 0, 0]);
  near(rewardSums(equal, [term('tpf', { normaliser: 'minmax' })]), [0.5, 0.5, 0.5]);
  near(rewardSums(VECTOR, [term('tpf', { normaliser: 'minmax' })]), [0, 1 / 3, 2 / 3, 1], 1e-12);
  near(rewardSums(VECTOR, [term('tpf', { normaliser: 'centre', weight: 2 })]), [-6, -2, 2, 6], 1e-12);
  const plain = [term('correct', { normaliser: 'none' })];
  const of = (baseline: 'none' | 'group-centre' | 'group-z' | 'batch-z', groups = [VECTOR]) =>
    advantages(groups, plain, { baseline });
  assert.deepEqual(of('none'), [[1, 1, 0, 0]]);
  assert.deepEqual(of('group-centre'), [[0.5, 0.5, -0.5, -0.5]]);
  assert.deepEqual(of('group-z'), [[1, 1, -1, -1]]);
  near(of('batch-z')[0], [0.866, 0.866, -0.866, -0.866]);
  assert.deepEqual(of('batch-z', [[VECTOR[0]]]), [[0]]);
  assert.deepEqual(of('group-z', [[VECTOR[0]]]), [[0]]);
  assert.deepEqual(advantages([VECTOR], plain, { baseline: 'group-centre', least: 0 }), [[0.5, 0.5, 0, 0]]);
});

test('terms: correctness, pass rate, speed shapes, length, format, repetition', () => {
  assert.deepEqual([raw('correct', {}), raw('correct', { correct: false })], [1, 0]);
  assert.deepEqual([raw('plus-minus', {}), raw('plus-minus', { correct: false })], [1, -1]);
  near([raw('pass-rate', { passed: 2 }), raw('pass-rate', { passed: 3, stop: 'length' })], [2 / 3, 0]);
  assert.equal(raw('tpf', { tokens: 9, forwards: 4 }), 2.25);
  assert.equal(raw('steps', { forwards: 10 }), -0.2);
  near(
    [0, 1.5, 3].map((t) => cosineCurve(t, 3, 1, 0.5)),
    [1, 0.75, 0.5],
    1e-12,
  );
  const cosine = (tokens: number, correct: boolean) => raw('cosine', { tokens, correct });
  near([cosine(0, true), cosine(8, true), cosine(16, true)], [1, 0.75, 0.5], 1e-12);
  near([cosine(0, false), cosine(8, false), cosine(16, false)], [-0.5, -0.25, 0], 1e-12);
  assert.equal(raw('cosine', { stop: 'length' }), -0.5);
  const speed = (name: 'speed' | 'speed-penalty', tokens: number, correct: boolean) =>
    raw(name, { tokens, forwards: 2, correct });
  near(
    [2, 6, 10, 16].map((tokens) => speed('speed', tokens, true)),
    [0.5, 0.75, 1, 1],
    1e-12,
  );
  near(
    [2, 6, 10].map((tokens) => speed('speed', tokens, false)),
    [0, -0.25, -0.5],
    1e-12,
  );
  near(
    [2, 10].map((tokens) => speed('speed-penalty', tokens, true)),
    [0.5, 0.5],
    1e-12,
  );
  near([speed('speed-penalty', 10, false)], [-0.5], 1e-12);
  near(
    [12, 14, 16].map((tokens) => raw('length', { tokens })),
    [0, -0.5, -1],
    1e-12,
  );
  const verdicts = ['passed', 'failed', 'error', 'timeout'] as const;
  assert.deepEqual(
    verdicts.map((verdict) => raw('format', { verdict })),
    [1, 1, 0, 0],
  );
  near([raw('repetition', { tokens: [1, 2, 1, 2, 1, 2] }), raw('repetition', { tokens: [1, 2] })], [-0.5, 0]);
});

test('multiplicative speed: the vectors of Jazbec et al.', () => {
  const of = (forwards: number, alpha: number) =>
    raw('correct-speed', { forwards, maxTokens: 256 }, { alpha });
  near([of(1, 1), of(64, 1), of(256, 1), of(300, 1)], [1, 0.75390625, 1 / 256, 1 / 256], 1e-12);
  near([of(64, 3), of(64, 0)], [0.4285, 1]);
  assert.equal(raw('correct-speed', { correct: false }), 0);
});

test('a success passed and ended by itself; nothing is read off rewards', () => {
  const { verdict } = rollout();
  assert.equal(isCorrect(verdict, { stop: 'token' }), true);
  assert.equal(isCorrect(verdict, { stop: 'length' }), false);
  assert.equal(isCorrect({ ...verdict, verdict: 'failed' }, { stop: 'token' }), false);
});

const collector = (drop: FilterName[], wanted = 1, mostDraws = 1) =>
  new GroupCollector(wanted, { drop, tpfSpread: 0.01, mostDraws }, DECOUPLED);

test('filters: all wrong, all right, spread of the speed, equal rewards, our own fault', () => {
  const wrong = [rollout({ correct: false, forwards: 2 }), rollout({ correct: false })];
  assert.equal(collector(['all-wrong']).add(wrong), 'all-wrong');
  assert.equal(collector(['all-right']).add(wrong), undefined);
  assert.equal(collector(['all-right']).add([rollout()]), 'all-right');
  const outside = new GroupCollector(
    9,
    { drop: ['accuracy'], accuracy: [0.5, 0.8], tpfSpread: 0, mostDraws: 1 },
    [],
  );
  const share = (successes: number) =>
    Array.from({ length: 4 }, (_, i) => rollout({ correct: i < successes }));
  assert.deepEqual(
    [1, 2, 3, 4].map((n) => outside.add(share(n))),
    ['accuracy', undefined, undefined, 'accuracy'],
  );
  const spread = (difference: number) =>
    [0, difference].map((more) => {
      const one = rollout();
      one.trajectory.tpf.denoise += more;
      return one;
    });
  assert.equal(collector(['tpf-spread']).add(spread(0.0099)), 'tpf-spread');
  assert.equal(collector(['tpf-spread']).add(spread(0.0101)), undefined);
  assert.equal(collector(['equal-rewards']).add([rollout(), rollout()]), 'equal-rewards');
  assert.equal(collector([]).add([rollout(), rollout({ verdict: 'infra', correct: false })]), 'infra');
});

test('refilling goes on until enough groups are kept or enough were drawn', () => {
  const wrong = [rollout({ correct: false })];
  const refilled = collector(['all-wrong'], 2, 3);
  assert.equal(refilled.missing, 2);
  refilled.add(wrong);
  refilled.add(VECTOR);
  assert.equal(refilled.missing, 1);
  for (let i = 0; i < 4; i++) refilled.add(wrong);
  assert.equal(refilled.missing, 0);
  assert.deepEqual([refilled.kept.length, refilled.dropped.get('all-wrong')], [1, 5]);
  const once = collector(['all-wrong'], 2);
  once.add(wrong);
  once.add(wrong);
  assert.equal(once.missing, 0);
});

test('prompts come in shuffled passes that the cursor alone takes up again', () => {
  const pass = (from: number) => Array.from({ length: 7 }, (_, i) => shuffledAt(3, 7, from + i));
  for (const from of [0, 7, 14]) assert.deepEqual(pass(from).toSorted(), [0, 1, 2, 3, 4, 5, 6]);
  assert.notDeepEqual(pass(0), pass(7));
  assert.notDeepEqual(
    pass(0),
    Array.from({ length: 7 }, (_, i) => shuffledAt(4, 7, i)),
  );
});
