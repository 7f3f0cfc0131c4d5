import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { threadCandidates } from '../../server/engine/threads.ts';
import { timeThreads } from '../../server/engine/tune.ts';
import { bestThreads, rememberedTimes, tuneModel } from '../../server/engine/tuning.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';

test('the smallest number of threads is used that none is clearly faster than', () => {
  assert.equal(
    bestThreads([
      [1, 10],
      [2, 9.8],
      [4, 9.7],
    ]),
    1,
  );
  assert.equal(
    bestThreads([
      [1, 10],
      [2, 6],
      [4, 5.9],
    ]),
    2,
  );
  assert.equal(
    bestThreads([
      [2, 6],
      [4, 5],
      [8, 9],
    ]),
    4,
  );
});

test('numbers of threads are tried around the usual one, up to the cores there are', () => {
  assert.deepEqual(threadCandidates(1), [1]);
  assert.deepEqual(threadCandidates(2), [1, 2]);
  assert.deepEqual(threadCandidates(4), [2, 3, 4]);
  assert.deepEqual(threadCandidates(8), [2, 4, 8]);
  assert.deepEqual(threadCandidates(32), [4, 8, 16]);
});

test('a forward is timed with every number of threads', async (t) => {
  const dir = path.join(temporaryFolder(t), 'tiny');
  writeTinyModel(dir);
  const times = await timeThreads(dir, 'cpu');
  assert.deepEqual(
    times.map(([threads]) => threads),
    threadCandidates(),
  );
  assert.ok(times.every(([, milliseconds]) => milliseconds > 0));
});

test('what was measured is remembered by model, and a process that fails leaves nothing', async (t) => {
  const [storage, dir] = [temporaryFolder(t), temporaryFolder(t)];
  const script = path.join(dir, 'timing.cjs');
  writeFileSync(script, `console.log(process.argv[4] === 'fast' ? '[[1, 2]]' : '[[1, 20], [2, 11]]')`);
  const model = (name: string) => ({ dir: name, weights: `hash of ${name}`, device: 'cpu' });
  await tuneModel({ args: [script] }, storage, model('fast'));
  await tuneModel({ args: [script] }, storage, model('slow'));
  assert.deepEqual(await rememberedTimes(storage, 'hash of fast'), [[1, 2]]);
  assert.deepEqual(await rememberedTimes(storage, 'hash of slow'), [
    [1, 20],
    [2, 11],
  ]);
  writeFileSync(script, 'process.exit(1)');
  assert.equal(await tuneModel({ args: [script] }, storage, model('other')), undefined);
  assert.equal(await rememberedTimes(storage, 'hash of other'), undefined);
  const abort = new AbortController();
  writeFileSync(script, 'setInterval(() => {}, 1000)');
  const stopped = tuneModel({ args: [script] }, storage, model('other'), abort.signal);
  abort.abort();
  await assert.rejects(stopped, { name: 'AbortError' });
});
