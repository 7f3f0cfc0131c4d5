import { FORWARD } from '../../kernels/forward.ts';
import { bestTokens, HEAD } from '../../kernels/head.ts';
import type { Denoiser, ForwardRequest, ForwardResult, SamplerHead } from '../decode/denoiser.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import { type Ort, tensors } from './ort.ts';
import { OrtCache, OrtCacheMemory } from './ort-cache.ts';
import { OrtForward, type OrtForwardOptions } from './ort-forward.ts';
import type { PrecisionOptions } from './precisions.ts';

export interface OrtDenoiserOptions extends Pick<OrtForwardOptions, 'device' | keyof PrecisionOptions> {
  samplerHead?: SamplerHead;
}

/** The denoiser on ONNX Runtime; server/decode/naive-denoiser.ts is its oracle. */
export class OrtDenoiser implements Denoiser {
  readonly spec: DenoiserSpec;
  readonly samplerHead?: SamplerHead;
  readonly #ort: Ort;
  readonly #forward: OrtForward;

  private constructor(ort: Ort, forward: OrtForward, spec: DenoiserSpec, samplerHead?: SamplerHead) {
    this.#ort = ort;
    this.#forward = forward;
    this.spec = spec;
    this.samplerHead = samplerHead;
  }

  static async open(
    ort: Ort,
    folder: ModelFolder,
    threads: number,
    { samplerHead, ...options }: OrtDenoiserOptions = {},
  ): Promise<OrtDenoiser> {
    const head = bestTokens(folder.spec.suppressedTokenIds);
    const forward = await OrtForward.open(ort, folder, head, threads, options);
    return new OrtDenoiser(ort, forward, folder.spec, samplerHead);
  }

  newCache(): OrtCache {
    return new OrtCache(new OrtCacheMemory(this.#ort, this.spec, { growth: this.#forward.cacheGrowth }));
  }

  async forward(request: ForwardRequest): Promise<ForwardResult> {
    const { cache, ids, select, topK } = request;
    if (!(cache instanceof OrtCache)) throw new TypeError('the cache belongs to another denoiser');
    // The head needs a row even when nobody wants one.
    const rows = { ...request, cache, select: select.length > 0 ? select : [ids.length - 1] };
    const start = cache.length;
    const fed = ++cache.fed;
    const { i64 } = tensors(this.#ort);
    const out = await this.#forward.run([rows], {
      [HEAD.count]: i64([Math.min(topK, this.spec.vocabSize)]),
      [HEAD.entropyCount]: i64([request.entropy ? select.length : 0]),
    });
    const wanted = <T>(data: unknown, empty: T): T => (select.length > 0 ? (data as T) : empty);
    return {
      topIds: wanted(out[HEAD.topIds].data, new Int32Array()),
      topLogits: wanted(out[HEAD.topLogits].data, new Float32Array()),
      logSumExp: wanted(out[HEAD.logSumExp].data, new Float32Array()),
      entropy: request.entropy ? (out[HEAD.entropy].data as Float32Array) : undefined,
      hidden: request.hidden ? wanted(out[FORWARD.hidden].data, new Float32Array()) : undefined,
      commit(rowCount) {
        if (cache.length !== start || cache.fed !== fed)
          throw new Error('the cache has changed since this forward, or was fed again');
        cache.append(out[FORWARD.keysValues].data as Float32Array, ids.length, 0, ids, rowCount);
      },
    };
  }

  release(): Promise<void> {
    return this.#forward.release();
  }
}
