import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noisyClean } from '../../../server/train/objectives/noisy-clean.ts';
import { policyRows } from '../../../server/train/rl/policy-rows.ts';
import { REPLAYERS, type ReplayerName } from '../../../server/train/rl/replay/index.ts';
import { RecordedTokens } from '../../../server/train/rl/replay/recorded-tokens.ts';
import type { ReplayState } from '../../../server/train/rl/replay/replayer.ts';
import { rounds, shrunk } from '../../../server/train/rl/replay/rounds.ts';
import { naiveLogProbs } from '../../support/naive-log-probs.ts';
import { BLOCK, HEAD, logProbs, record, replayed, settings } from '../../support/replay-lab.ts';
import { tinySpec, tinyWeights } from '../../support/tiny-model.ts';

test("DiPO's rounds: the vector with three prompt tokens, and shrinking by two", () => {
  const steps = [0, 0, 0, 2, 3, 4, 4, 3, 5, 5, 5, 6];
  assert.deepEqual(rounds(steps, 4), [
    { masked: [3, 4, 5, 6, 7, 8, 9, 10, 11], scored: [3, 4, 7, 8, 9, 10] },
    { masked: [5, 6, 11], scored: [5, 6, 11] },
  ]);
  assert.deepEqual(shrunk(steps, 4, 2), [0, 0, 0, 2, 4, 4, 4, 4, 6, 6, 6, 6]);
  assert.deepEqual(shrunk(steps, 4, 1), steps);
  const sequential = rounds([1, 2, 3, 4, 5, 6, 7, 8], 4);
  assert.deepEqual(
    sequential.map(({ scored }) => scored),
    [
      [0, 4],
      [1, 5],
      [2, 6],
      [3, 7],
    ],
  );
  assert.equal(rounds([1, 1, 1, 1, 2, 2, 2, Number.POSITIVE_INFINITY], 4).length, 1);
});

test('rounds over a noisy and a clean copy score every token once, as the decoder recorded it', async () => {
  const spec = tinySpec(BLOCK);
  for (let seed = 1; seed <= 20; seed++) {
    const recorded = await record(spec, seed, { mode: 'threshold', temperature: 0.8 });
    const tokens = new RecordedTokens(recorded, spec);
    const counted = tokens.counted(true);
    const length = Math.ceil((counted[counted.length - 1] + 1) / 4) * 4;
    const steps = Array.from({ length }, (_, position) => tokens.step(position));
    const clean = steps.map((_, position) => tokens.id(position) ?? spec.maskTokenId!);
    const found = new Map<number, number>();
    for (const { masked, scored } of rounds(steps, 4)) {
      assert.ok(scored.every((position) => masked.includes(position)));
      const noisy = clean.map((id, position) => (masked.includes(position) ? spec.maskTokenId! : id));
      const rows = noisyClean(noisy, clean, 4, [], {});
      const inRows = scored.map((position) => ({
        ...tokens.scored(position, true),
        row: position,
        response: 0,
        state: 0,
      }));
      const values = naiveLogProbs(
        spec,
        tinyWeights(spec, seed),
        { ...rows, scored: inRows, planned: [] },
        { temperature: 0.8, rounded: true },
      );
      for (const [i, position] of scored.entries()) {
        assert.ok(!found.has(position));
        found.set(position, values[i]);
      }
    }
    assert.deepEqual(
      [...found.keys()].sort((a, b) => a - b),
      counted,
    );
    for (const { revealed } of recorded.steps) {
      for (const { position, logProb } of revealed) {
        assert.ok(Math.abs(found.get(recorded.promptIds.length + position)! - logProb) < 1e-9);
      }
    }
  }
});

const byPlace = (states: readonly ReplayState[]) =>
  states.toSorted((a, b) => a.start - b.start || a.round - b.round);

test('shrinking by 1 is the exact replay, by the size of a block the one-step estimator', async () => {
  const spec = tinySpec(BLOCK);
  let several = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const recorded = await record(spec, seed, { mode: 'threshold', temperature: 0.8 });
    for (const scoreAfterEnd of [true, false]) {
      const exact = byPlace(replayed(spec, recorded, { scoreAfterEnd })).map(unrecorded);
      const once = byPlace(replayed(spec, recorded, { replayer: 'shrink', scoreAfterEnd }));
      assert.deepEqual(once, exact);
      const onestep = replayed(spec, recorded, { replayer: 'block-onestep', scoreAfterEnd });
      const all = replayed(spec, recorded, { replayer: 'shrink', shrink: 4, scoreAfterEnd });
      assert.deepEqual(all, onestep);
      const sum = (states: readonly ReplayState[]) =>
        logProbs(spec, seed, recorded, states).reduce((total, value) => total + value, 0);
      const singleSteps = exact.every(({ round }) => round === 0);
      assert.equal(Math.abs(sum(exact) - sum(onestep)) < 1e-9, singleSteps);
      if (!singleSteps) several++;
    }
  }
  assert.ok(several > 5);
});

/** Without what only the exact replay knows of a token. */
function unrecorded(state: ReplayState): ReplayState {
  return { ...state, scored: state.scored.map(({ recorded: _, ...token }) => token) };
}

test('one-step over the whole response is block one-step of one block where no prompt token is masked', async () => {
  const recorded = await record(tinySpec(BLOCK), 3, { mode: 'threshold', temperature: 0.8 });
  const spec = tinySpec({ cleanAttention: 'full', logitShift: 0 });
  const [full] = replayed(spec, recorded, { replayer: 'full-onestep', scoreAfterEnd: false });
  assert.deepEqual([full], replayed(spec, recorded, { replayer: 'block-onestep', scoreAfterEnd: false }));
  assert.deepEqual(full.tokens.slice(0, recorded.promptIds.length), recorded.promptIds);
  assert.ok(full.tokens.slice(recorded.promptIds.length).every((id) => id === null));
  const [hidden] = replayed(spec, recorded, { replayer: 'full-onestep', promptMask: 1 });
  assert.ok(hidden.tokens.every((id) => id === null));
  assert.ok(hidden.scored.every(({ position }) => position >= recorded.promptIds.length));
});

test('coupled masks score every token once, random ones some', async () => {
  for (const spec of [tinySpec(BLOCK), tinySpec(), tinySpec({ cleanAttention: 'full', logitShift: 0 })]) {
    const recorded = await record(tinySpec(BLOCK), 7, { mode: 'threshold', temperature: 0.8, maxTokens: 30 });
    const scored = (replayer: 'random' | 'coupled') =>
      replayed(spec, recorded, { replayer, scoreAfterEnd: false })
        .flatMap((state) => state.scored.map(({ position }) => position))
        .sort((a, b) => a - b);
    const all = recorded.responseIds.map((_, i) => recorded.promptIds.length + i);
    assert.deepEqual(scored('coupled'), all);
    assert.ok(scored('random').length < all.length && scored('random').length > 0);
  }
});

test('a token that is scored is hidden from the row that predicts it, whatever the replay', async () => {
  for (const overrides of [{}, HEAD, BLOCK]) {
    const spec = tinySpec(overrides);
    const recorded = await record(spec, 9, { mode: 'threshold', temperature: 0.8 });
    for (const replayer of Object.keys(REPLAYERS) as ReplayerName[]) {
      if (REPLAYERS[replayer].misfit(spec, recorded.settings, settings({ replayer }))) continue;
      const states = replayed(spec, recorded, { replayer });
      const rows = policyRows(spec, [{ ...recorded, states }]);
      for (const { row, position } of rows.scored) {
        const reached = new Set([row]);
        for (const at of reached) rows.ids.forEach((_, c) => void (rows.visible(at, c) && reached.add(c)));
        for (const column of reached) {
          assert.ok(rows.positions[column] !== position || rows.ids[column] === spec.maskTokenId);
        }
      }
    }
  }
});
