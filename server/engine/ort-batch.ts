import { FORWARD } from '../../kernels/forward.ts';
import { ForwardAdapters } from '../../kernels/forward-adapters.ts';
import { bestTokens, HEAD } from '../../kernels/head.ts';
import type { AdapterPlan } from '../../kernels/training/parameters.ts';
import type { BatchDenoiser, ForwardRequest, ForwardResult, SamplerHead } from '../decode/denoiser.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import { type Ort, type Tensor, tensors } from './ort.ts';
import { OrtCache, OrtCacheMemory } from './ort-cache.ts';
import { type ForwardRows, OrtForward } from './ort-forward.ts';
import { rowStarts } from './row-feeds.ts';

/** A denoiser for many samples at once, with adapters that may change between forwards. */
export class OrtBatch implements BatchDenoiser {
  readonly spec: DenoiserSpec;
  readonly samplerHead?: SamplerHead;
  readonly #ort: Ort;
  readonly #forward: OrtForward;
  readonly #adapters: ForwardAdapters | undefined;
  /** Inputs A and B of the adapters, whose numbers are changed where they lie. */
  readonly #matrices: Record<string, Tensor> = {};

  private constructor(
    ort: Ort,
    forward: OrtForward,
    spec: DenoiserSpec,
    samplerHead: SamplerHead | undefined,
    adapters: ForwardAdapters | undefined,
  ) {
    this.#ort = ort;
    this.#forward = forward;
    this.spec = spec;
    this.samplerHead = samplerHead;
    this.#adapters = adapters;
    for (const { a, b, ranks, in: into, out } of adapters?.products ?? []) {
      this.#matrices[a] = tensors(ort).f32(new Float32Array(ranks * into), [ranks, into]);
      this.#matrices[b] = tensors(ort).f32(new Float32Array(out * ranks), [out, ranks]);
    }
  }

  /** Adapters change nothing until `update`. */
  static async open(
    ort: Ort,
    folder: ModelFolder,
    threads: number,
    samplerHead?: SamplerHead,
    plan?: AdapterPlan,
  ): Promise<OrtBatch> {
    const adapters = plan && new ForwardAdapters(folder.weights, plan);
    const head = bestTokens(folder.spec.suppressedTokenIds);
    const forward = await OrtForward.open(ort, folder, head, threads, { batch: true, adapters });
    return new OrtBatch(ort, forward, folder.spec, samplerHead, adapters);
  }

  /** Takes the matrices of `adapterNames`. Caches made before hold keys and values of the old ones. */
  update(values: ReadonlyMap<string, Float32Array>): void {
    for (const product of this.#adapters?.products ?? []) {
      const data = (name: string) => this.#matrices[name].data as Float32Array;
      this.#adapters!.fill(product, values, data(product.a), data(product.b));
    }
  }

  newCaches(count: number): OrtCache[] {
    const memory = new OrtCacheMemory(this.#ort, this.spec, { samples: count });
    return Array.from({ length: count }, (_, sample) => new OrtCache(memory, sample));
  }

  async forward(requests: readonly ForwardRequest[]): Promise<ForwardResult[]> {
    const { memory } = requests[0].cache as OrtCache;
    const samples: ForwardRows[] = Array.from({ length: memory.samples }, (_, i) =>
      nothing(new OrtCache(memory, i)),
    );
    for (const request of requests) {
      const cache = request.cache as OrtCache;
      if (cache.memory !== memory) throw new TypeError('the caches belong to different batches');
      samples[cache.sample] = { ...request, cache };
    }
    // The head needs a row even when nobody wants one.
    if (requests.every(({ select }) => select.length === 0)) {
      const { sample } = requests[0].cache as OrtCache;
      samples[sample] = { ...samples[sample], select: [0] };
    }
    const topK = Math.min(Math.max(...requests.map((request) => request.topK)), this.spec.vocabSize);
    const selected = samples.reduce((sum, { select }) => sum + select.length, 0);
    const starts = rowStarts(samples.map(({ select }) => ({ ids: select })));
    const first = ({ cache }: ForwardRequest) => starts[(cache as OrtCache).sample];
    const { i64 } = tensors(this.#ort);
    const out = await this.#forward.run(samples, {
      ...this.#matrices,
      [HEAD.count]: i64([topK]),
      [HEAD.entropyCount]: i64([requests.some(({ entropy }) => entropy) ? selected : 0]),
      [HEAD.scored]: i64(
        requests.flatMap((request) =>
          (request.scored ?? []).map((id, i) => (first(request) + i) * this.spec.vocabSize + id),
        ),
      ),
    });
    const places = Math.max(...samples.map(({ ids }) => ids.length));
    const scored = rowStarts(requests.map((request) => ({ ids: request.scored ?? [] })));
    return requests.map((request, i) => {
      const cache = request.cache as OrtCache;
      const result = this.#result({ ...request, cache }, out, first(request), topK, places);
      if (!request.scored) return result;
      const all = out[HEAD.scoredLogits].data as Float32Array;
      return { ...result, scoredLogits: all.slice(scored[i], scored[i] + request.scored.length) };
    });
  }

  release(): Promise<void> {
    return this.#forward.release();
  }

  /** The part of the outputs that belongs to a request, whose selected rows begin at `first`. */
  #result(
    { cache, ids, select, topK, hidden, entropy }: ForwardRequest & { cache: OrtCache },
    out: Record<string, Tensor>,
    first: number,
    width: number,
    places: number,
  ): ForwardResult {
    const start = cache.length;
    const part = <T extends Float32Array | Int32Array>(name: string, perRow: number) =>
      out[name].data.slice(first * perRow, (first + select.length) * perRow) as T;
    return {
      topIds: firstColumns(part<Int32Array>(HEAD.topIds, width), width, topK),
      topLogits: firstColumns(part<Float32Array>(HEAD.topLogits, width), width, topK),
      logSumExp: part(HEAD.logSumExp, 1),
      entropy: entropy ? part(HEAD.entropy, 1) : undefined,
      hidden: hidden ? part(FORWARD.hidden, this.spec.hiddenSize) : undefined,
      commit(count) {
        if (cache.length !== start) throw new Error('the cache has changed since this forward');
        const { memory, sample } = cache;
        const keysValues = out[FORWARD.keysValues].data as Float32Array;
        cache.append(keysValues, memory.samples * places, sample * places, ids, count);
      },
    };
  }
}

/** A sample that takes no part in a forward. */
function nothing(cache: OrtCache): ForwardRows {
  return { cache, ids: [], positions: [], visible: () => false, select: [] };
}

/** The first `count` columns of rows of `width`. */
function firstColumns<T extends Float32Array | Int32Array>(values: T, width: number, count: number): T {
  return (count >= width ? values : values.filter((_, i) => i % width < count)) as T;
}
