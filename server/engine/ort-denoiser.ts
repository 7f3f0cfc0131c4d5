import { LOOP } from '../../kernels/denoising-loop.ts';
import { FORWARD } from '../../kernels/forward.ts';
import { bestTokens, HEAD } from '../../kernels/head.ts';
import type { Ahead, Denoiser, ForwardRequest, ForwardResult, SamplerHead } from '../decode/denoiser.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import { type Ort, type Tensor, tensors } from './ort.ts';
import { OrtCache, OrtCacheMemory } from './ort-cache.ts';
import { OrtForward, type OrtForwardOptions } from './ort-forward.ts';
import type { PrecisionOptions } from './precisions.ts';
import { explain } from './probe-process.ts';
import { type CacheRequest, StepsAhead } from './steps-ahead.ts';

export interface OrtDenoiserOptions
  extends Pick<OrtForwardOptions, 'device' | 'loop' | keyof PrecisionOptions> {
  samplerHead?: SamplerHead;
}

/** Forwards of one call at most: a request can be cancelled between calls only. */
const MOST_STEPS = 4;

/**
 * The denoiser on ONNX Runtime; server/decode/naive-denoiser.ts is its oracle. With a denoising loop it computes the
 * forwards that are expected next in the same call.
 */
export class OrtDenoiser implements Denoiser {
  readonly spec: DenoiserSpec;
  readonly samplerHead?: SamplerHead;
  readonly #ort: Ort;
  readonly #forward: OrtForward;
  readonly #ahead: StepsAhead | undefined;

  private constructor(
    ort: Ort,
    forward: OrtForward,
    spec: DenoiserSpec,
    ahead: StepsAhead | undefined,
    samplerHead?: SamplerHead,
  ) {
    this.#ort = ort;
    this.#forward = forward;
    this.#ahead = ahead;
    this.spec = spec;
    this.samplerHead = samplerHead;
  }

  /** `loop` is left out where the model has causal attention, or the device cannot load it. */
  static async open(
    ort: Ort,
    folder: ModelFolder,
    threads: number,
    { samplerHead, device = 'cpu', loop: wanted = false, ...precision }: OrtDenoiserOptions = {},
  ): Promise<OrtDenoiser> {
    const { spec } = folder;
    const head = bestTokens(spec.suppressedTokenIds);
    const open = (loop: boolean) =>
      OrtForward.open(ort, folder, head, threads, { ...precision, device, loop });
    if (wanted && spec.cleanAttention !== 'causal') {
      try {
        return new OrtDenoiser(ort, await open(true), spec, new StepsAhead(), samplerHead);
      } catch (error) {
        const reason = explain((error as Error).message);
        process.stderr.write(`The device ${device} takes one step a call: ${reason}\n`);
      }
    }
    return new OrtDenoiser(ort, await open(false), spec, undefined, samplerHead);
  }

  newCache(): OrtCache {
    return new OrtCache(new OrtCacheMemory(this.#ort, this.spec, { growth: this.#forward.cacheGrowth }));
  }

  async forward({ cache, ...asked }: ForwardRequest): Promise<ForwardResult> {
    if (!(cache instanceof OrtCache)) throw new TypeError('the cache belongs to another denoiser');
    const request = { cache, ...asked };
    const computed = this.#ahead?.take(request);
    if (computed) return computed;
    const { ids, topK, ahead } = request;
    // The head needs a row even when nobody wants one.
    const select = asked.select.length > 0 ? asked.select : [ids.length - 1];
    cache.version++;
    const { i64 } = tensors(this.#ort);
    const out = await this.#forward.run([{ ...request, select }], {
      [HEAD.count]: i64([Math.min(topK, this.spec.vocabSize)]),
      [HEAD.entropyCount]: i64([request.entropy ? asked.select.length : 0]),
      [HEAD.scored]: i64((request.scored ?? []).map((id, i) => i * this.spec.vocabSize + id)),
      // It is all the same which rows a single step predicts.
      ...(this.#ahead &&
        (ahead
          ? loopFeeds(this.#ort, ahead, MOST_STEPS)
          : loopFeeds(this.#ort, { predicted: select, threshold: 1, clean: false }, 1))),
    });
    if (!this.#ahead) return resultOf(request, out, 0, 1);
    const fed = Array.from(out[LOOP.fedIds].data as BigInt64Array, Number);
    const steps = fed.length / ids.length;
    const after = Array.from({ length: steps - 1 }, (_, i) => {
      const step = { ...request, ids: fed.slice((i + 1) * ids.length, (i + 2) * ids.length) };
      return { ids: step.ids, result: () => resultOf(step, out, i + 1, steps) };
    });
    this.#ahead.keep(request, after);
    return resultOf(request, out, 0, steps);
  }

  release(): Promise<void> {
    return this.#forward.release();
  }
}

/** What a denoising loop is fed beside its forward to take `most` steps or as many of those expected as there can be. */
export function loopFeeds(
  ort: Ort,
  { predicted, threshold, clean }: Ahead,
  most: number,
): Record<string, Tensor> {
  const { i64, f32 } = tensors(ort);
  return {
    [LOOP.steps]: i64([Math.min(most, predicted.length + Number(clean))]),
    [LOOP.predicted]: i64(predicted),
    [LOOP.threshold]: f32(Float32Array.of(threshold), [1]),
    [LOOP.clean]: i64([Number(clean)]),
  };
}

/** What step `step` of a call of `steps` has returned for a request. */
function resultOf(
  { cache, ids, select, hidden, entropy, scored }: CacheRequest,
  out: Readonly<Record<string, Tensor>>,
  step: number,
  steps: number,
): ForwardResult {
  const { version } = cache;
  const part = (name: string) => {
    const all = out[name].data as Float32Array;
    return all.subarray((step * all.length) / steps, ((step + 1) * all.length) / steps);
  };
  const wanted = <T>(name: string, empty: T): T => (select.length > 0 ? (part(name) as T) : empty);
  return {
    topIds: wanted(HEAD.topIds, new Int32Array()),
    topLogits: wanted(HEAD.topLogits, new Float32Array()),
    logSumExp: wanted(HEAD.logSumExp, new Float32Array()),
    entropy: entropy ? part(HEAD.entropy) : undefined,
    scoredLogits: scored && part(HEAD.scoredLogits),
    hidden: hidden ? wanted(FORWARD.hidden, new Float32Array()) : undefined,
    commit(rowCount) {
      if (cache.version !== version)
        throw new Error('the cache has changed since this forward, or was fed again');
      cache.append(part(FORWARD.keysValues), ids.length, 0, ids, rowCount);
    },
  };
}
