import { grouped } from '../../kernels/attention/grouped.ts';
import { FORWARD } from '../../kernels/forward.ts';
import { buildEmbedding, buildHeadRows, buildLayer, STAGE } from '../../kernels/forward-stages.ts';
import type { Graph } from '../../kernels/graph.ts';
import { HEAD } from '../../kernels/head.ts';
import { fp32InParts } from '../../kernels/linear/in-parts.ts';
import { embed } from '../../kernels/linear/stored.ts';
import type { Rows } from '../decode/rows.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { type Ort, openSession, type Tensor, tensors } from './ort.ts';
import { OrtCache, OrtCacheMemory } from './ort-cache.ts';
import { choosePrecisions } from './precisions.ts';
import { RowFeeds } from './row-feeds.ts';

/**
 * Forwards of a model that need not fit in memory: a session for every layer, one after the other, and one for every
 * part of the head. Quantised weights are multiplied as the engine does, others in single precision. The forward
 * without stages, ort-forward.ts, is its oracle.
 */
export class StagedForward {
  readonly #ort: Ort;
  readonly #folder: ModelFolder;
  readonly #threads: number;

  constructor(ort: Ort, folder: ModelFolder, threads: number) {
    this.#ort = ort;
    this.#folder = folder;
    this.#threads = threads;
  }

  /** Normed hidden states behind the last layer of the rows of all texts, [rows, hiddenSize]. Texts do not see each other. */
  async hidden(texts: readonly Rows[]): Promise<Float32Array> {
    const { spec, weights } = this.#folder;
    const options = { ...this.#precisions(), attention: grouped };
    const { i64 } = tensors(this.#ort);
    const ids = texts.map((text) => ({ [FORWARD.ids]: i64(text.ids) }));
    let streams = await this.#runAll(buildEmbedding(spec, weights, options), ids);
    const feeds = new RowFeeds(this.#ort, spec);
    for (let layer = 0; layer < spec.layers; layer++) {
      const graph = buildLayer(spec, weights, options, layer);
      const inputs = texts.map((text, i) => ({
        ...feeds.make([{ ...text, cache: this.#emptyCache() }]),
        [STAGE.residual]: streams[i][STAGE.nextResidual],
        [STAGE.normed]: streams[i][STAGE.nextNormed],
      }));
      streams = await this.#runAll(graph, inputs);
    }
    return concatenated(streams.map((stream) => stream[STAGE.nextNormed].data as Float32Array));
  }

  /** Logits of the tokens `start` … `start + count − 1`, [rows, count], for normed hidden states [rows, hiddenSize]. */
  async logits(hidden: Float32Array, tokens: { start: number; count: number }): Promise<Float32Array> {
    const { spec, weights } = this.#folder;
    const graph = buildHeadRows(spec, weights, this.#precisions().headPrecision, tokens);
    const dims = [hidden.length / spec.hiddenSize, spec.hiddenSize];
    const [out] = await this.#runAll(graph, [{ [STAGE.normed]: tensors(this.#ort).f32(hidden, dims) }]);
    return out[HEAD.logits].data as Float32Array;
  }

  #precisions(): ReturnType<typeof choosePrecisions> {
    return this.#plain
      ? { precision: fp32InParts, headPrecision: fp32InParts, embed }
      : choosePrecisions(this.#folder, 'cpu');
  }

  get #plain(): boolean {
    return this.#folder.quantization === 'none';
  }

  #emptyCache(): OrtCache {
    return new OrtCache(new OrtCacheMemory(this.#ort, { ...this.#folder.spec, layers: 1 }));
  }

  /** Opens a session for one stage, feeds it all inputs, and closes it. */
  async #runAll(graph: Graph, inputs: readonly Record<string, Tensor>[]): Promise<Record<string, Tensor>[]> {
    const { dir } = this.#folder;
    const session = await openSession(this.#ort, graph, dir, this.#threads, { frugal: this.#plain });
    try {
      const outputs: Record<string, Tensor>[] = [];
      for (const feeds of inputs) outputs.push(await session.run(feeds));
      return outputs;
    } finally {
      await session.release();
    }
  }
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let length = 0;
  for (const part of parts) {
    all.set(part, length);
    length += part.length;
  }
  return all;
}
