import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../kernels/graph.ts';
import { InPlaceSession } from '../../server/engine/in-place-session.ts';
import { loadOrt, tensors } from '../../server/engine/ort.ts';

const LENGTH = 2 ** 20;

async function openDoubling() {
  const graph = new Graph();
  const x = graph.input('x', 'f32', ['n']);
  graph.output('twice', graph.op('Mul', [x, graph.f32([2], [])]), 'f32', ['n']);
  const ort = await loadOrt();
  const session = await InPlaceSession.open(ort, graph, '.', 1, {});
  return { session, ...tensors(ort) };
}

test('outputs are written into the arrays that are given, of inputs too, and not copied', async () => {
  const { session, f32 } = await openDoubling();
  const numbers = Float32Array.from({ length: LENGTH }, (_, i) => i);
  const room = new Float32Array(LENGTH);
  const [x, twice] = [numbers, room].map((array) => f32(array, [LENGTH]));
  const before = process.memoryUsage().arrayBuffers;
  await session.run({ x }, { twice });
  await session.run({ x }, { twice: x });
  const grown = process.memoryUsage().arrayBuffers - before;
  await session.release();
  assert.ok(grown < room.byteLength, `${grown} bytes more`);
  assert.deepEqual([room[1], room[LENGTH - 1]], [2, 2 * (LENGTH - 1)]);
  assert.deepEqual(numbers, room);
});

test('a failed run is an error', async () => {
  const { session, f32 } = await openDoubling();
  const [x, twice] = [3, 4].map((length) => f32(new Float32Array(length), [length]));
  await assert.rejects(session.run({ x }, { twice }), /shape/i);
  await session.release();
});
