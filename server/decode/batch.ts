import { setImmediate } from 'node:timers/promises';
import type { DecodeSettings } from '../protocol.ts';
import { type DecodedTrajectory, decode, prefillPrompt } from './decode.ts';
import type { BatchDenoiser, Denoiser, ForwardRequest, ForwardResult, KvCache } from './denoiser.ts';
import type { DecodeHooks } from './session.ts';
import type { TokenDecoder } from './text.ts';

/** A response to decode. */
export interface BatchJob {
  promptIds: readonly number[];
  settings: Partial<DecodeSettings>;
}

export interface BatchHooks {
  /** Looked at before every forward; once true, what has been decoded so far ends as cancelled. */
  cancelled: DecodeHooks['cancelled'];
  candidates: DecodeHooks['candidates'];
  policy?: DecodeHooks['policy'];
  policyInputs?: DecodeHooks['policyInputs'];
  /** Called as soon as a response is there. */
  onDone?(job: number, trajectory: DecodedTrajectory): void;
}

/**
 * Decodes the jobs, `width` of them side by side: their forwards run together, and a prompt that several jobs in a row
 * have is prefilled once. Every trajectory is what `decode` gives for its job alone, whatever the others are; rejects
 * as `decode` does.
 */
export async function decodeBatch(
  batch: BatchDenoiser,
  tokenizer: TokenDecoder,
  jobs: readonly BatchJob[],
  width: number,
  { cancelled, onDone, ...others }: BatchHooks,
): Promise<DecodedTrajectory[]> {
  const caches = batch.newCaches(Math.min(width, jobs.length));
  const lockstep = new Lockstep(batch, caches.length);
  const prompts = new Prompts(batch, tokenizer);
  const trajectories: DecodedTrajectory[] = [];
  let next = 0;
  let failed = false;
  const hooks: DecodeHooks = { cancelled: () => failed || cancelled(), ...others };
  const work = async (cache: KvCache) => {
    try {
      while (next < jobs.length && !hooks.cancelled()) {
        const job = next++;
        const { promptIds, settings } = jobs[job];
        cache.copy(await prompts.prefilled(promptIds));
        trajectories[job] = await decode(lockstep, tokenizer, cache, promptIds, settings, hooks);
        onDone?.(job, trajectories[job]);
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      lockstep.leave();
    }
  };
  const ends = await Promise.allSettled(caches.map(work));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure) throw failure.reason;
  return trajectories;
}

/** The cache of the last prompt that was asked for. */
class Prompts {
  readonly #batch: BatchDenoiser;
  readonly #tokenizer: TokenDecoder;
  #last: { ids: readonly number[]; cache: Promise<KvCache> } | undefined;

  constructor(batch: BatchDenoiser, tokenizer: TokenDecoder) {
    this.#batch = batch;
    this.#tokenizer = tokenizer;
  }

  prefilled(ids: readonly number[]): Promise<KvCache> {
    if (this.#last?.ids.join() !== ids.join()) this.#last = { ids, cache: this.#prefill(ids) };
    return this.#last!.cache;
  }

  async #prefill(ids: readonly number[]): Promise<KvCache> {
    const [cache] = this.#batch.newCaches(1);
    const alone: Denoiser = {
      ...this.#batch,
      spec: this.#batch.spec,
      newCache: () => cache,
      forward: async (request) => (await this.#batch.forward([request]))[0],
    };
    await prefillPrompt(alone, this.#tokenizer, cache, ids);
    return cache;
  }
}

interface Waiting {
  request: ForwardRequest;
  resolve(result: ForwardResult): void;
  reject(error: unknown): void;
}

/** The denoiser of decodings that run side by side: when each of them waits for a forward, all are run as one. */
class Lockstep implements Denoiser {
  readonly #batch: BatchDenoiser;
  #members: number;
  #waiting: Waiting[] = [];

  constructor(batch: BatchDenoiser, members: number) {
    this.#batch = batch;
    this.#members = members;
  }

  get spec() {
    return this.#batch.spec;
  }

  get samplerHead() {
    return this.#batch.samplerHead;
  }

  newCache(): KvCache {
    throw new Error('The members of a batch have their caches.');
  }

  forward(request: ForwardRequest): Promise<ForwardResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#runIfAllWait();
    });
  }

  /** One member less to wait for. */
  leave(): void {
    this.#members--;
    this.#runIfAllWait();
  }

  async #runIfAllWait(): Promise<void> {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#members) return;
    const waiting = this.#waiting.splice(0);
    try {
      const results = await this.#batch.forward(waiting.map(({ request }) => request));
      // A forward blocks the event loop; here it may turn.
      await setImmediate();
      for (const [i, { resolve }] of waiting.entries()) resolve(results[i]);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
