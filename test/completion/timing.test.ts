import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeContext } from '../../server/completion/context.ts';
import { Debouncer } from '../../server/completion/debounce.ts';
import { LatencyTracker } from '../../server/completion/latency.ts';

const at = (text: string) =>
  takeContext({ uri: '', languageId: '', text, offset: text.length, manual: false });

/** A debouncer that has seen a steady rhythm. */
function rhythm(interval: number): Debouncer {
  const debouncer = new Debouncer();
  for (let key = 0; key < 100; key++) debouncer.record(key * interval);
  return debouncer;
}

test('the delay is the rhythm times the promise of the place, less the expected latency', () => {
  const debouncer = rhythm(300);
  assert.equal(Math.round(debouncer.delay(at('    '), 0)), 180);
  assert.equal(Math.round(debouncer.delay(at('f('), 0)), 210);
  assert.equal(Math.round(debouncer.delay(at('return '), 0)), 270);
  assert.equal(Math.round(debouncer.delay(at('ret'), 0)), 480);
  assert.equal(Math.round(debouncer.delay(at('ret'), 200)), 280);
});

test('the delay stays within 120 to 600 ms', () => {
  assert.equal(rhythm(20).delay(at('ret'), 0), 120);
  assert.equal(rhythm(1900).delay(at('ret'), 0), 600);
});

test('a pause is not part of the rhythm', () => {
  const debouncer = rhythm(300);
  debouncer.record(99 * 300 + 60_000);
  assert.equal(Math.round(debouncer.delay(at('ret'), 0)), 480);
});

test('the median of the last ten answers in time', () => {
  const tracker = new LatencyTracker();
  assert.equal(tracker.median, undefined);
  for (const time of [9000, 9000, 100, 120, 110, 130, 140, 150, 160, 170]) tracker.record(time);
  tracker.recordLate();
  tracker.recordLate();
  assert.equal(tracker.median, 130);
  assert.equal(tracker.last.length, 10);
});

test('slowness is explained, and only slowness', () => {
  const tracker = new LatencyTracker();
  for (let i = 0; i < 10; i++) tracker.record(150);
  assert.equal(tracker.help('cpu', 2), undefined);
  for (let i = 0; i < 10; i++) tracker.record(500);
  assert.match(
    tracker.help('cpu', 2)!,
    /half of the last answers took more than 500 ms on cpu with 2 threads/,
  );
  for (let i = 0; i < 4; i++) tracker.recordLate();
  assert.match(tracker.help('cpu', 2)!, /4 of the last 10 answers came too late/);
});
