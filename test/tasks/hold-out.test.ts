import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdOut } from '../../server/tasks/hold-out.ts';
import { pythonTask } from '../support/sandbox.ts';

const tasks = Array.from({ length: 12 }, (_, i) =>
  pythonTask(`def f${i}(): return ${i}`, [`assert f${i}() == ${i}`]),
);
const heldOut = (all: typeof tasks) =>
  holdOut(all)
    .filter(({ split }) => split === 'heldout')
    .map(({ reference }) => reference)
    .sort();

test('a fifth of the tasks is held out, the same ones in whatever order', () => {
  assert.equal(heldOut(tasks).length, 3);
  assert.deepEqual(heldOut(tasks.toReversed()), heldOut(tasks));
  assert.deepEqual(
    [0, 1, 2].map((count) => heldOut(tasks.slice(0, count)).length),
    [0, 0, 1],
  );
});
