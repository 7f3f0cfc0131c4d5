import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CrashPolicy } from '../../server/engine/crash-policy.ts';

const LIMITS = { firstDelay: 100, longestDelay: 350, crashes: 5, within: 10_000 };

test('the wait doubles up to its limit, and then there is no restart', () => {
  const policy = new CrashPolicy(LIMITS);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((time) => policy.record(time)),
    [100, 200, 350, 350, undefined],
  );
});

test('crashes long ago do not count', () => {
  const policy = new CrashPolicy(LIMITS);
  for (let time = 0; time < 100_000; time += 4000) assert.ok(policy.record(time) !== undefined);
  assert.equal(policy.record(200_000), 100);
});

test('after forgetting it starts over', () => {
  const policy = new CrashPolicy({ ...LIMITS, crashes: 2 });
  policy.record(0);
  policy.forget();
  assert.equal(policy.record(1), 100);
});
