import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FORWARD } from '../../kernels/forward.ts';
import { DTYPE, type Dtype, Graph, type Value } from '../../kernels/graph.ts';
import { HEAD, wholeLogits } from '../../kernels/head.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { loadOrt, type Ort, openSession, tensors } from './ort.ts';
import { OrtCache, OrtCacheMemory } from './ort-cache.ts';
import { OrtForward } from './ort-forward.ts';
import { loopDifference } from './probe-loop.ts';
import { writeProbeModel } from './probe-model.ts';
import { plainly, type Running } from './running.ts';

const CPU = plainly('cpu');

/** What a device did in a process of its own. */
export type ProbeResult =
  /** Milliseconds of the same products on the device and on the processor. */
  | { milliseconds: number; cpuMilliseconds: number; problem?: undefined }
  /** Half a sentence. */
  | { problem: string };

/** Largest difference of a logit from the processor's that is rounding, by precision; logits are of size 1. */
const TOLERANCE = { single: 1e-3, half: 2e-2 };

const ROWS = 8;
const SIZE = 2048;
const PRODUCTS = 4;
const RUNS = 5;
/** A device that takes so many times as long as the processor is not measured any further. */
const HOPELESS = 30;

/**
 * Runs tiny forwards, or one loop over them, and a few large products on a device and on the processor. Rejects where the
 * device fails.
 */
export async function probe(on: Running): Promise<ProbeResult> {
  const ort = await loadOrt();
  const difference = await inProbeModel((folder) =>
    on.loop ? loopDifference(ort, folder, on) : forwardDifference(ort, folder, on),
  );
  if (!(difference <= TOLERANCE[on.halfPrecision ? 'half' : 'single']))
    return { problem: `its results differ from the processor's by ${difference}` };
  const cpuMilliseconds = await timeProducts(ort, CPU, Number.POSITIVE_INFINITY);
  return { milliseconds: await timeProducts(ort, on, HOPELESS * cpuMilliseconds), cpuMilliseconds };
}

async function inProbeModel<T>(use: (folder: ModelFolder) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'unmask-probe-'));
  try {
    return await use(await writeProbeModel(dir));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function forwardDifference(ort: Ort, folder: ModelFolder, on: Running): Promise<number> {
  const [expected, actual] = [await logits(ort, folder, CPU), await logits(ort, folder, on)];
  return actual.reduce((most, logit, i) => Math.max(most, Math.abs(logit - expected[i])), 0);
}

/** Logits of a few rows, of which some are committed, and of others behind those that were not taken back. */
async function logits(ort: Ort, folder: ModelFolder, on: Running): Promise<number[]> {
  const forward = await OrtForward.open(ort, folder, wholeLogits, 1, on);
  const cache = new OrtCache(new OrtCacheMemory(ort, folder.spec));
  const feed = (first: number) => {
    const ids = Array.from({ length: ROWS }, (_, i) => first + i);
    const positions = ids.map((_, i) => cache.length + i);
    const visible = (row: number, column: number) => column <= cache.length + row;
    return forward.run([{ cache, ids, positions, visible, select: positions.map((_, i) => i) }], {});
  };
  const before = await feed(0);
  cache.append(before[FORWARD.keysValues].data as Float32Array, ROWS, 0, [...Array(ROWS).keys()], ROWS - 1);
  cache.truncate(ROWS / 2);
  const after = await feed(ROWS);
  await forward.release();
  return [before, after].flatMap((out) => [...(out[HEAD.logits].data as Float32Array)]);
}

/** The best of several runs of products [8, 2048] · [2048, 2048], which a forward mostly does, or the first over `limit`. */
async function timeProducts(ort: Ort, { device, halfPrecision }: Running, limit: number): Promise<number> {
  const graph = new Graph();
  const to = (dtype: Dtype, value: Value) =>
    halfPrecision ? graph.op('Cast', [value], { to: DTYPE[dtype] }) : value;
  const weight = to('f16', graph.f32(new Float32Array(SIZE * SIZE).fill(1 / SIZE), [SIZE, SIZE]));
  let x = graph.input('x', 'f32', [ROWS, SIZE]);
  for (let i = 0; i < PRODUCTS; i++) {
    x = graph.op('Tanh', [to('f32', graph.op('MatMul', [to('f16', x), weight]))]);
  }
  graph.output('y', x, 'f32', [ROWS, SIZE]);
  const session = await openSession(ort, graph, '', 0, { device });
  const feeds = { x: tensors(ort).f32(new Float32Array(ROWS * SIZE).fill(1), [ROWS, SIZE]) };
  const times: number[] = [];
  while (times.length <= RUNS && !(times[times.length - 1] > limit)) {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
  }
  await session.release();
  // The first run compiles, and is the best where no other was tried.
  return Math.min(...times.slice(times.length > 1 ? 1 : 0));
}
