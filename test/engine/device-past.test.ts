import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { DevicePast } from '../../server/engine/device-past.ts';
import { loadOrt, type Tensor } from '../../server/engine/ort.ts';
import { OrtCache, OrtCacheMemory } from '../../server/engine/ort-cache.ts';
import { openModel } from '../../server/models/registry.ts';
import { FIXTURES } from '../support/model-files.ts';

const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
const ort = await loadOrt();

/** A past, caches for it, and what it has let go of: forwards are numbered, and so are the tensors that they return. */
function lab() {
  const past = new DevicePast(folder.spec.layers);
  const disposed: number[] = [];
  let forwards = 0;
  const newCache = () => new OrtCache(new OrtCacheMemory(ort, folder.spec));
  return {
    past,
    disposed,
    newCache,
    /** Feeds rows; returns the number of the forward whose tensors were fed, undefined where the cache brought its own. */
    forward(cache: OrtCache, rows: number): number | undefined {
      cache.memory.reserve(cache.length + rows);
      const fed = Object.values(past.feeds(cache)) as { number?: number }[];
      const number = ++forwards;
      past.take(cache, Object.fromEntries(past.outputs.map((name) => [name, tensor(number)])));
      return fed[0]?.number;
    },
    commit(cache: OrtCache, rows: number): void {
      const { layers, kvHeads, headDim } = folder.spec;
      const keysValues = new Float32Array(layers * 2 * kvHeads * rows * headDim);
      cache.append(keysValues, rows, 0, Array(rows).fill(1), rows);
    },
  };
  function tensor(number: number): Tensor {
    return { number, dispose: () => disposed.push(number) } as unknown as Tensor;
  }
}

test('rows that are committed or taken back leave the past where it is', () => {
  const { past, disposed, newCache, forward, commit } = lab();
  const cache = newCache();
  assert.equal(forward(cache, 6), undefined);
  commit(cache, 4);
  assert.equal(forward(cache, 6), 1);
  assert.equal(forward(cache, 6), 2);
  cache.truncate(2);
  assert.equal(forward(cache, 6), 3);
  commit(cache, 1);
  cache.truncate(1);
  assert.equal(forward(cache, 6), 4);
  const perForward = 2 * folder.spec.layers;
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((number) => disposed.filter((one) => one === number).length),
    [perForward, perForward, perForward, perForward, 0],
  );
  past.release();
  past.release();
  assert.equal(disposed.length, 5 * perForward);
});

test('another cache, one that grew and one that was replaced bring their own memory', () => {
  const { newCache, forward, commit } = lab();
  const [cache, other] = [newCache(), newCache()];
  forward(cache, 6);
  commit(cache, 6);
  assert.equal(forward(other, 6), undefined);
  assert.equal(forward(other, 6), 2);
  assert.equal(forward(cache, 6), undefined);
  assert.equal(forward(cache, cache.memory.capacity), undefined);
  assert.equal(forward(cache, 6), 5);
  other.copy(cache);
  cache.copy(other);
  assert.equal(forward(cache, 6), undefined);
});
