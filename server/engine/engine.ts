import type {
  DecodeSettings,
  EngineOptions,
  EnginePrompt,
  EngineReady,
  Step,
  Trajectory,
} from '../protocol.ts';

/** What the engine is doing. `off`: no process runs; the next request starts one. */
export type EngineState =
  | { kind: 'off' }
  /** Progress is 0 … 1. */
  | { kind: 'loading'; progress: number; message: string }
  | { kind: 'ready' }
  | { kind: 'busy' }
  /** The message is one sentence for the user. */
  | { kind: 'error'; message: string };

export interface EngineRequest {
  prompt: EnginePrompt;
  settings: Partial<DecodeSettings>;
  /** A model that cannot decode in the mode of the settings takes its own, with that one's threshold. */
  adapt?: boolean;
  /** Candidates recorded with every reveal; 0 for none. */
  candidates: number;
}

export interface EngineHooks {
  signal?: AbortSignal;
  /** Called after every forward, in order, before the answer. */
  onStep?(step: Step): void;
}

export interface EngineSettings extends EngineOptions {
  /** The process is ended after so many minutes without a request; 0 keeps it. */
  unloadAfterMinutes: number;
}

/** A model that completes. The language server sees the engine process only through this. */
export interface Engine {
  readonly state: EngineState;
  /** The model that is loaded, or was loaded last. */
  readonly model: EngineReady | undefined;
  /** Resident bytes of the process at its last report; undefined while none runs. */
  readonly memory: number | undefined;
  /**
   * The recorded completion, or null when the request was cancelled, replaced by a later one, or failed (the state
   * and the log say why). Never rejects. Only the latest request runs: an earlier one that still waits is answered null.
   */
  complete(request: EngineRequest, hooks?: EngineHooks): Promise<Trajectory | null>;
  /** Called after every change of `state`, `model` or `memory`. Returns the function that ends it. */
  onDidChange(listener: () => void): () => void;
  /** Takes effect at the next request; a process with other options is ended. */
  configure(settings: EngineSettings): void;
  /** Ends the process, forgets earlier crashes and loads the model again. Resolves when it is ready or has failed. */
  restart(): Promise<void>;
  /** Ends the process and frees its memory. The next request starts another. */
  unload(): Promise<void>;
  /** Ends the process for good; later requests are answered null. */
  dispose(): Promise<void>;
}
