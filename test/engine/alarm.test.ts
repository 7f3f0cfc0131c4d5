import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Alarm } from '../../server/engine/alarm.ts';

/** A clock that is moved by hand; a jump passes without timers, as sleep does. */
class HandClock {
  time = 5_000_000;
  private timers = new Map<object, { due: number; callback: () => void }>();

  now = () => this.time;

  setTimeout(callback: () => void, milliseconds: number): object {
    const timer = {};
    this.timers.set(timer, { due: this.time + milliseconds, callback });
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.timers.delete(timer as object);
  }

  /** Everything that is due happens only at the end. */
  jump(milliseconds: number): void {
    this.time += milliseconds;
    for (const [timer, { due, callback }] of [...this.timers]) {
      if (due > this.time || !this.timers.delete(timer)) continue;
      callback();
    }
  }
}

function newAlarm() {
  const clock = new HandClock();
  const alarm = new Alarm(clock);
  const rings: string[] = [];
  const set = (name = '') => alarm.set(20_000, () => rings.push(name));
  return { clock, alarm, rings, set };
}

test('an alarm rings when nobody has set it again in time', () => {
  const { clock, alarm, rings, set } = newAlarm();
  set('first');
  clock.jump(19_999);
  set('second');
  clock.jump(19_999);
  assert.deepEqual(rings, []);
  clock.jump(500);
  assert.deepEqual(rings, ['second']);
  set();
  alarm.clear();
  clock.jump(60_000);
  assert.equal(rings.length, 1);
});

test('after sleep it waits once more, and only once', () => {
  const { clock, alarm, rings, set } = newAlarm();
  set();
  clock.jump(3_600_000);
  clock.jump(19_999);
  assert.deepEqual(rings, []);
  clock.jump(3_600_000);
  assert.equal(rings.length, 1);

  set();
  clock.jump(3_600_000);
  alarm.clear();
  clock.jump(3_600_000);
  assert.equal(rings.length, 1);
});
