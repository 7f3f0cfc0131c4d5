import { setImmediate } from 'node:timers/promises';
import { decode } from '../decode/decode.ts';
import type { Denoiser, KvCache } from '../decode/denoiser.ts';
import { adaptedSettings, resolveSettings } from '../decode/settings.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import type { EngineOptions, EnginePrompt, EngineReady, Step, Trajectory } from '../protocol.ts';
import type { EngineRequest } from './engine.ts';
import type { LoadedModel, LoadModel, LoadProgress } from './loaded-model.ts';
import { promptTokens } from './prompt.ts';

export interface WarmHooks {
  /** Looked at before every forward. */
  cancelled(): boolean;
  onStep?(step: Step): void;
}

export interface OpenHooks {
  onProgress?: LoadProgress;
  onForward?: () => void;
}

/**
 * A loaded model with the cache of its last request, which the next one starts from as far as their prompts agree.
 * One request at a time.
 */
export class WarmModel {
  private readonly model: LoadedModel;
  private readonly loadMilliseconds: number;
  private readonly denoiser: Denoiser;
  private readonly cache: KvCache;

  /** `onForward` is called after every forward, also those of a prefill. */
  constructor(model: LoadedModel, loadMilliseconds: number, onForward: () => void = () => {}) {
    this.model = model;
    this.loadMilliseconds = loadMilliseconds;
    this.denoiser = yieldingDenoiser(model.denoiser, onForward);
    this.cache = this.denoiser.newCache();
  }

  /** Loads and measures how long it took. Throws UserError when the folder or the device is at fault. */
  static async open(load: LoadModel, options: EngineOptions, hooks: OpenHooks = {}): Promise<WarmModel> {
    const start = performance.now();
    const model = await load(options, hooks.onProgress ?? (() => {}));
    return new WarmModel(model, performance.now() - start, hooks.onForward);
  }

  get spec(): DenoiserSpec {
    return this.denoiser.spec;
  }

  /** What an engine tells about itself. */
  get ready(): EngineReady {
    const { folder, device, threads } = this.model;
    const { name, spec, parameters, bytes, quantization, weightsHash } = folder;
    return {
      model: { name, family: spec.family, parameters, bytes, quantization, weights: weightsHash },
      device,
      threads,
      loadMilliseconds: this.loadMilliseconds,
    };
  }

  /** Decodes one request. Throws UserError for settings or a prompt that the model cannot follow. */
  async complete(request: EngineRequest, hooks: WarmHooks): Promise<Trajectory> {
    const { spec } = this.denoiser;
    const given = request.adapt
      ? adaptedSettings(spec, request.settings, this.model.windows)
      : request.settings;
    const { maxTokens } = resolveSettings(spec, given);
    const policy = given.policy === 'learned' ? await this.model.policy(given.policyFile) : undefined;
    const { folder, tokenizer } = this.model;
    const prompt = spec.cleanAttention === 'causal' ? request.prompt : joined(request.prompt);
    const { ids, ...around } = promptTokens(prompt, spec, tokenizer, spec.maxPositions - maxTokens);
    const stopStrings = [...(given.stopStrings ?? []), ...around.stopStrings];
    const settings = { ...given, stopStrings };
    const encode = (text: string) => tokenizer.encode(text);
    const decoded = await decode(this.denoiser, tokenizer, this.cache, ids, settings, {
      suffixIds: around.suffixIds,
      cancelled: hooks.cancelled,
      onStep: hooks.onStep,
      candidates: request.candidates,
      policy,
      beginning: prompt.beginning ? { text: prompt.beginning, encode } : undefined,
      following: around.following && { ...around.following, encode },
    });
    return {
      ...decoded,
      prompt,
      model: folder.name,
      weights: folder.weightsHash,
      device: this.model.device,
      ms: { ...decoded.ms, load: this.loadMilliseconds },
    };
  }

  release(): Promise<void> {
    return this.model.release();
  }
}

/** Only a model that writes from left to right can be told how to begin; another one is told what was there. */
function joined({ beginning = '', ...prompt }: EnginePrompt): EnginePrompt {
  return { ...prompt, prefix: prompt.prefix + beginning };
}

/**
 * A forward blocks the event loop, and decoding goes from one to the next without a pause. This one lets the loop turn
 * once after each, so that a cancellation that has arrived is seen before the next.
 */
function yieldingDenoiser(denoiser: Denoiser, onForward: () => void): Denoiser {
  return {
    spec: denoiser.spec,
    samplerHead: denoiser.samplerHead,
    newCache: () => denoiser.newCache(),
    async forward(request) {
      const result = await denoiser.forward(request);
      onForward();
      await setImmediate();
      return result;
    },
  };
}
