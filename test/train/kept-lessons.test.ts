import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtDenoiser } from '../../server/engine/ort-denoiser.ts';
import { UserError } from '../../server/errors.ts';
import { openModel } from '../../server/models/registry.ts';
import { headLessons } from '../../server/train/head-lessons.ts';
import { KeptLessons } from '../../server/train/kept-lessons.ts';
import type { SampleRows } from '../../server/train/objectives/objective.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { addSamplerHead, writeTinyModel } from '../support/tiny-model-folder.ts';

/** A clean row and two masked ones, which learn `token` after token 1. */
function sample(token: number): SampleRows {
  const target = (row: number) => ({ row, token, weight: 1, previous: 1, term: 'chained' });
  return {
    ids: [1, 257, 257],
    positions: [0, 1, 2],
    visible: (row, column) => column <= row,
    noisy: (row) => row > 0,
    targets: [target(1), target(2)],
    denominators: { chained: 2 },
  };
}

test('lessons are made once, and read back as they were, states in half precision', async (t) => {
  const dir = temporaryFolder(t);
  writeTinyModel(path.join(dir, 'model'));
  addSamplerHead(path.join(dir, 'model'));
  const folder = await openModel(path.join(dir, 'model'));
  const denoiser = await OrtDenoiser.open(await loadOrt(), folder, 1);
  const { topIds } = await denoiser.forward({
    ...sample(0),
    cache: denoiser.newCache(),
    select: [1],
    topK: 1,
  });
  const taught = sample(topIds[0]);
  const expected = await headLessons(denoiser, taught, 8, 1);
  await denoiser.release();
  assert.ok(expected.previous.length > 0);

  const kept = path.join(dir, 'lessons');
  const lessons = new KeptLessons(kept, folder, 1, 1);
  const first = await lessons.of(3, async (number) => {
    assert.equal(number, 3);
    return taught;
  });
  const { hidden, ...rest } = first;
  const { hidden: exact, ...same } = expected;
  assert.deepEqual(rest, same);
  // Numbers of float16 have 11 bits.
  for (const [i, value] of hidden.entries()) {
    assert.ok(Math.abs(value - exact[i]) <= Math.abs(exact[i]) * 2 ** -11 + 2 ** -25, `${value}`);
  }

  // The mask is never a candidate, so nothing is to be learnt here.
  const nothing = await lessons.of(4, async () => sample(257));
  assert.deepEqual(
    Object.values(nothing).map(({ length }) => length),
    [0, 0, 0, 0],
  );
  await lessons.release();

  const again = new KeptLessons(kept, folder, 1, 1);
  const never = () => Promise.reject(new Error('drawn again'));
  assert.deepEqual(await again.of(3, never), first);
  assert.deepEqual(await again.of(4, never), nothing);
  const other = new KeptLessons(kept, { ...folder, weightsHash: 'other' }, 1, 1);
  await assert.rejects(other.of(3, never), /drawn again/);

  rmSync(kept, { recursive: true });
  writeFileSync(kept, '');
  await assert.rejects(
    again.of(3, async () => taught),
    (error: Error) => {
      assert.ok(error instanceof UserError, error.stack);
      assert.match(error.message, /3\.safetensors cannot be written/);
      return true;
    },
  );
  await again.release();
});
