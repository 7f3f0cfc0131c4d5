import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trajectory } from '../../server/protocol.ts';
import { TraceHistory } from '../../webview/trace/history.ts';
import { reveal, savedTrace, step } from './support/traces.ts';

const STEPS = [
  step(0, { window: [null, null, null], revealed: [reveal(0, 'def'), reveal(1, ' f')], settled: 1 }),
  step(1, { window: [40, 41, null, null], rolledBack: [1], revealed: [reveal(2, '(')], settled: 1 }),
  step(2, { windowStart: 1, window: [null, 42, null], revealed: [reveal(1, ' g')], settled: 3 }),
];

const MARKS = { absent: '.', masked: '_', new: '+', old: '=', takenBack: '-' };

/** One character a position, for every number of steps. */
function pictures(history: TraceHistory): string[] {
  return Array.from({ length: history.steps.length + 1 }, (_, shown) =>
    Array.from({ length: history.length }, (_, at) => MARKS[history.cell(at, shown).state]).join(''),
  );
}

test('every position has its state after any number of steps', () => {
  assert.deepEqual(pictures(new TraceHistory(STEPS, 3)), ['....', '++_.', '=-+_', '=+=.']);
});

test('a history that grows step by step is the same as one that is read at once', () => {
  const growing = new TraceHistory();
  for (const each of STEPS) growing.append(each);
  assert.deepEqual(pictures(growing), pictures(new TraceHistory(STEPS)));
});

test('what a learned policy made of a position comes step by step; rules have no probabilities', () => {
  const decision = { eligible: [1, 2], chosen: [2], probabilities: [0.2, 0.7], logProb: -0.5 };
  const steps = [step(0, { decision }), step(1, { decision: { eligible: [1], chosen: [1] } })];
  const history = new TraceHistory(steps);
  assert.deepEqual(history.decisionsOf(0), []);
  assert.deepEqual(history.decisionsOf(1), [{ step: 0, probability: 0.2, chosen: false }]);
  assert.deepEqual(history.decisionsOf(2), [{ step: 0, probability: 0.7, chosen: true }]);
});

test('a token is fixed by the last step that revealed it', () => {
  const history = new TraceHistory(STEPS, 3);
  assert.deepEqual(
    [0, 1, 2, 3].map((at) => history.fixedAt(at)),
    [0, 2, 1, undefined],
  );
  assert.deepEqual(
    history.eventsOf(1).map(({ step: at, reveal: put, takenBack }) => [at, put?.text, takenBack?.text]),
    [
      [0, ' f', undefined],
      [1, undefined, ' f'],
      [2, ' g', undefined],
    ],
  );
});

test('positions of the prompt in a first block are left out', () => {
  const history = new TraceHistory([
    step(0, { windowStart: -2, window: [5, 6, null], revealed: [reveal(0, 'a')], settled: 1 }),
  ]);
  assert.deepEqual(pictures(history), ['.', '+']);
});

/** The tokens that stand after every step, by following the trace from its beginning. */
function replay({ steps }: Trajectory): (number | undefined)[][] {
  let tokens: (number | undefined)[] = [];
  return steps.map(({ windowStart, window, revealed, rolledBack }) => {
    tokens = tokens.slice(0, windowStart + window.length);
    for (const [i, id] of window.entries())
      if (windowStart + i >= 0) tokens[windowStart + i] = id ?? undefined;
    for (const at of rolledBack) tokens[at] = undefined;
    for (const { position, id } of revealed) tokens[position] = id;
    return [...tokens];
  });
}

for (const mode of ['ar', 'threshold', 'verified']) {
  test(`a recorded ${mode} trace shows the tokens that a replay from the beginning gives`, () => {
    const trace = savedTrace(mode);
    const history = new TraceHistory(trace.steps);
    for (const [i, expected] of replay(trace).entries()) {
      const standing = expected.map((_, at) => {
        const { state, reveal: put } = history.cell(at, i + 1);
        return state === 'new' || state === 'old' ? put?.id : undefined;
      });
      assert.deepEqual(standing, expected);
      // The window may reach beyond the response.
      for (const tokens of [expected.length, trace.responseIds.length]) {
        const standingOf = expected.slice(0, tokens).filter((id) => id !== undefined);
        assert.equal(history.revealedCount(i + 1, tokens), standingOf.length);
      }
    }
    const finished = new TraceHistory(trace.steps, trace.responseIds.length);
    const last = trace.responseIds.map((_, at) => finished.cell(at, trace.steps.length).reveal?.id);
    assert.deepEqual(last, trace.responseIds);
  });
}
