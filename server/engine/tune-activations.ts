import { Graph } from '../../kernels/graph.ts';
import { type Activations, multiplyRounded } from '../../kernels/linear/int8.ts';
import type { Times } from './measurements.ts';
import { nativeActivations, type Ort, openSession, tensors } from './ort.ts';

const ROWS = 4;
const SIZE = 1024;
const RUNS = 8;
/** The largest integer of a weight; its products are the first to be too large for sixteen bits. */
const LARGEST = 127;

/**
 * Milliseconds of an int8 product by the type of its activations, the one that this kind of processor multiplies fastest
 * first. One that gets it wrong is left out: without instructions for it, a processor may add up pairs of products in
 * sixteen bits.
 */
export async function timeActivations(ort: Ort): Promise<Times<Activations>> {
  const native = nativeActivations();
  const times: Times<Activations> = [];
  for (const activations of [native, native === 'u8' ? 's8' : 'u8'] as const) {
    const time = await timeProduct(ort, activations);
    if (time !== undefined) times.push([activations, time]);
  }
  return times;
}

/** The best of several runs; undefined where the sums are wrong. */
async function timeProduct(ort: Ort, activations: Activations): Promise<number | undefined> {
  const graph = new Graph();
  const x = graph.input('x', 'f32', [ROWS, SIZE]);
  const weight = {
    rows: graph.i8(Array<number>(SIZE * SIZE).fill(LARGEST), [SIZE, SIZE]),
    scale: graph.f32(new Float32Array(SIZE).fill(1 / LARGEST)),
  };
  graph.output('y', multiplyRounded(graph, activations, x, weight), 'f32', [ROWS, SIZE]);
  const session = await openSession(ort, graph, '.', 1);
  const feeds = { x: tensors(ort).f32(new Float32Array(ROWS * SIZE).fill(1), [ROWS, SIZE]) };
  let best = Number.POSITIVE_INFINITY;
  let exact = true;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    const { y } = await session.run(feeds);
    best = Math.min(best, performance.now() - start);
    exact &&= (y.data as Float32Array).every((sum) => Math.abs(sum - SIZE) < 1e-3 * SIZE);
  }
  await session.release();
  return exact ? best : undefined;
}
