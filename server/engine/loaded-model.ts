import type { Denoiser } from '../decode/denoiser.ts';
import type { VerifiedWindows } from '../decode/settings.ts';
import type { TokenDecoder } from '../decode/text.ts';
import type { LearnedPolicy } from '../decode/unmasking/learned-policy.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import type { EngineOptions, RunningDevice } from '../protocol.ts';

/** Text ⇄ token ids of one model. */
export interface TextCodec extends TokenDecoder {
  /** No special tokens are added or recognised. */
  encode(text: string): number[];
  /** Id of a special token by its name, such as `<|im_end|>`. */
  specialToken(name: string): number | undefined;
}

/** A model that is ready to decode. */
export interface LoadedModel {
  folder: ModelFolder;
  denoiser: Denoiser;
  tokenizer: TextCodec;
  /** The execution provider that runs the forwards, which changes where one fails. */
  readonly device: RunningDevice;
  /** Threads one forward uses. */
  threads: number;
  /** With which verified decoding was measured to be the fastest; empty where it was not. */
  windows?: VerifiedWindows;
  /** The learned policy of a file, or the model's own. Throws UserError where there is none that fits the model. */
  policy(file?: string): Promise<LearnedPolicy>;
  /** Frees the sessions; the denoiser must not be used afterwards. */
  release(): Promise<void>;
}

/** Called while a model loads; progress is 0 … 1. */
export type LoadProgress = (progress: number, message: string) => void;

/** Opens a model folder and makes its denoiser. Throws UserError when the folder or the device is at fault. */
export type LoadModel = (options: EngineOptions, onProgress: LoadProgress) => Promise<LoadedModel>;
