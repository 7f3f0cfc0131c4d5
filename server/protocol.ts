/**
 * The wire contract: everything that crosses a process border or is written to a file, types only.
 * Three parts: the trajectory document, server ⇄ engine process, language server ⇄ editor.
 */

// ---------------------------------------------------------------- trajectory

/** How tokens are decided: one by one, by confidence alone, or by confidence and then checked autoregressively. */
export type DecodeMode = 'ar' | 'threshold' | 'verified';

/** What a user may choose: a mode, or a learned policy in the best mode that the model can. */
export type DecodeChoice = DecodeMode | 'policy';

/** Rules by which a step chooses what to reveal among the masked positions: one file each in server/decode/policies/. */
export type RevealRule = 'dynamic' | 'static' | 'sequential' | 'entropy' | 'factor';

/** A rule, or a learned policy that comes in a file of its own. */
export type RevealPolicy = RevealRule | 'learned';

export interface DecodeSettings {
  mode: DecodeMode;
  /** A masked position is revealed when the probability of its token is at least this, 0 … 1. */
  threshold: number;
  /** Positions denoised together (W). */
  window: number;
  /**
   * Of the mode `verified` without a policy: windows are fed behind those pending tokens where decoding goes on with at
   * least this chance, 0 … 1, and at the likeliest place in any case. Left out: 1.
   */
  windowChance?: number;
  /**
   * Of the mode `verified` without a policy: prompt lookup. What the score of a sampler head's candidate gains for each
   * length of the tokens before it behind which the text so far always has it; above 0 tokens are also proposed from the
   * text alone. Left out: 0, nothing of it.
   */
  lookup?: number;
  /**
   * Of the mode `ar` of causal models: how many of the likeliest responses are decoded side by side, of which the one is
   * taken that goes best with what stands after it. Left out: 1.
   */
  beams?: number;
  maxTokens: number;
  /** 0 is greedy. */
  temperature: number;
  seed: number;
  /** Sampling looks at this many best tokens of a row. */
  topK: number;
  /** Decoding ends as soon as the text contains one of these; the text is cut before it. */
  stopStrings: string[];
  /** Decoding also ends at the first line that begins without indentation, as after the body of a Python function. */
  stopAtDedent?: boolean;
  /** Of the mode `threshold`; left out: `dynamic`. Of `verified` only `learned`, which then decides what is proposed. */
  policy?: RevealPolicy;
  /** Of the policy `learned`: its file. Left out: the one beside the model. */
  policyFile?: string;
  /** Of the policy `learned`: how it draws, a name of server/decode/unmasking/. Left out: as its file says. */
  unmasking?: string;
  /** Of the policy `learned`: its logits are divided by it; below 1 it draws what is more probable. Left out: its own. */
  policyTemperature?: number;
  /** Denoising steps of a whole window (S): every step reveals at least W / S positions. Left out: W, one position. */
  steps?: number;
  /** Of the policy `entropy`: the revealed positions' entropies add up to less than this many nats. Left out: 0.35. */
  entropyBound?: number;
  /** Of the policy `factor`: f in the least confidence 1 − f / (n + 1) of the n-th best position. Left out: 1. */
  factor?: number;
  /**
   * Of models with full attention: what is kept from one forward to the next, approximately right: the rows before the
   * window, or those behind it too. Left out: nothing.
   */
  cache?: 'prefix' | 'dual';
  /** With a cache: a forward so often computes everything anew. Left out: the first one of every window. */
  refresh?: number;
}

/** Why a response ended. */
export type StopReason = 'token' | 'string' | 'length' | 'cancelled';

export interface Candidate {
  id: number;
  text: string;
  /** Probability under the row's distribution, 0 … 1. */
  probability: number;
}

/** A token fixed in a step. Positions count from the first token of the response. */
export interface Reveal {
  position: number;
  id: number;
  text: string;
  /** Probability the policy saw, 0 … 1. */
  confidence: number;
  /** Natural log of the probability under the row that proposed it, at the sampling temperature. */
  logProb: number;
  /**
   * The row it came from: a clean row gives the next token autoregressively, a noisy row proposes. The row of an
   * alternative is clean, but what it gives is verified like a proposal. What prompt lookup proposes comes from no row.
   */
  source: 'clean' | 'noisy' | 'lookup';
  /** The token before it that the sampler head was given, which a later step may have changed. */
  previous?: number;
  candidates?: Candidate[];
}

/** What a learned policy saw and chose in a step. Positions count from the first token of the response. */
export interface Decision {
  /** Positions that it might reveal, ascending. */
  eligible: number[];
  /**
   * Those that it chose, in the order in which it did. A causal model reveals the first eligible position anyway, and
   * verified decoding of the others those that follow it without a gap; other models may reveal another one after many
   * steps without any.
   */
  chosen: number[];
  /** σ(logit) of each eligible position, 0 … 1: that of revealing it, others left aside. Missing where a rule decided. */
  probabilities?: number[];
  /** Natural log of the probability of choosing just these. Missing likewise. */
  logProb?: number;
  /** What it was made of, see PolicyView; kept for training only. `rows` positions from `start` on. */
  inputs?: { start: number; rows: number; time: number; confidences: number[]; hidden?: number[] };
}

/**
 * One forward and what was fixed from it. Where several beams were decoded, the steps are those of the one that was taken,
 * a token each.
 */
export interface Step {
  index: number;
  /** A commit forward writes a finished block into the cache; with logit shift 1 it reveals the next block's first token. */
  kind: 'denoise' | 'commit';
  /**
   * First position of the window, counted from the first response token. Negative where a window begins with prompt
   * tokens: −1 (the last prompt token) for the first window of a causal model, more inside a prompt's block.
   */
  windowStart: number;
  /**
   * The window's tokens before the step; null is masked. The forward's rows are these over a cache of everything
   * before `windowStart`. Which positions have rows depends on the model's attention. Causal: all but the last, and the
   * tokens before the first masked one are clean rows, which enter the cache. In verified decoding windows of masks may
   * stand behind other clean rows too; where tokens are rolled back, proposals come from the one behind those that
   * stand. Where two tokens are revealed from clean rows the first of them was fed as well, as an alternative to the one
   * that fell, and the proposals are from the window behind it. As many positions at the window's end as prompt lookup
   * filled have no row either. Block: all, but for the position that a commit with logit shift 1 adds at the end, the next
   * block's first. Full: all, and besides them the prompt, the masked positions from the window's end to `maxTokens`, and
   * `suffixIds`.
   */
  window: (number | null)[];
  revealed: Reveal[];
  /** Where a learned policy had a say. */
  decision?: Decision;
  /** Proposals that verification let stand, with the probability the clean row before them gives them, 0 … 1. */
  confirmed: { position: number; confidence: number; candidates?: Candidate[] }[];
  /** Positions taken back because verification disagreed. */
  rolledBack: number[];
  /** Response tokens that can no longer change after this step. */
  settled: number;
  milliseconds: number;
}

export interface Forwards {
  prefill: number;
  denoise: number;
  /** All model calls except prefill. */
  total: number;
}

/** Tokens per forward: by denoising forwards only (the papers'), and by all calls except prefill (the user's). */
export interface Tpf {
  denoise: number;
  total: number;
}

export interface Milliseconds {
  load: number;
  prefill: number;
  decode: number;
}

/** A recorded completion: enough to draw it step by step and to replay every forward. Saved as `*.trace.json`. */
export interface Trajectory {
  format: 'unmask-trajectory';
  version: 1;
  model: string;
  /** Identifies the weights that decoded (hash of the model's index). */
  weights: string;
  device: string;
  settings: DecodeSettings;
  /** The text that was asked; left out where only ids were given. */
  prompt?: EnginePrompt;
  promptIds: number[];
  /** Tokens after the response, with full attention only. */
  suffixIds?: number[];
  /** Prompt tokens whose keys and values were already in the cache. */
  cachedTokens: number;
  responseIds: number[];
  /** Text of every response token; joining them gives `text` up to bytes cut inside a character. */
  responseTexts: string[];
  text: string;
  steps: Step[];
  stop: StopReason;
  rollbacks: number;
  forwards: Forwards;
  tpf: Tpf;
  ms: Milliseconds;
}

// ---------------------------------------------------------------- evaluation

/** One answer to one task: a line of the results file of `unmask eval`. */
export interface EvalAnswer {
  task_id: string;
  decode: DecodeMode;
  threshold: number;
  /** Which of the task's samples, from 0; its seed is that much higher. */
  sample: number;
  text: string;
  stop: StopReason;
  /** Whether a hole was filled as its author did; null for tasks that are no holes. */
  exactMatch: boolean | null;
  /** 0 … 1; null as above. */
  editSimilarity: number | null;
  /** Of the task's tests; null where it has none. */
  verdict: string | null;
  /** Response tokens, the end token included. */
  tokens: number;
  forwards: Forwards;
  /** Of decoding, prefill not counted. */
  milliseconds: number;
  /** Verified decoding: proposals by their place in the window, from the second token on. */
  proposals: { checked: number; agreed: number }[];
}

// ------------------------------------------------------------ command line ⇄ editor

/** Keys of config.json that published checkpoints may lack. */
export type MissingKeys = Readonly<Partial<Record<'block_size' | 'mask_token_id', number>>>;

/** A model that can be downloaded: a line of `unmask model download --json`. */
export interface CatalogueEntry {
  name: string;
  /** `owner/name` on the hub. */
  repository: string;
  about: string;
  /** Weights, in billions. */
  billions: number;
  /** What its config.json needs: added where it is missing. */
  config?: MissingKeys;
  /** Estimated bytes to be fetched, at two for a weight. */
  bytes: number;
  /** Estimated bytes of memory that it runs in when it is imported to int8. */
  leastMemory: number;
  /** Where it is likely to be fast enough. */
  device: 'cpu' | 'gpu';
}

/** One of `models` that `unmask model list --json` prints. */
export interface InstalledModel {
  name: string;
  dir: string;
  /** What is known of a model that can be used. */
  family?: string;
  parameters?: number;
  bytes?: number;
  quantization?: string;
  /** Why the folder cannot be used. */
  error?: string;
}

/** A line of `unmask model download NAME --json` while it runs; bytes. */
export interface DownloadProgress {
  done: number;
  total: number;
}

/** The last line of it. */
export interface DownloadResult {
  name: string;
  dir: string;
  repository: string;
  commit: string;
  licence: string | null;
  /** What was added to its config.json. */
  added: MissingKeys;
  /** Why it cannot be used as it is, a sentence. */
  problem: string | null;
}

/** The line of `unmask model download NAME --dry-run --json`: what the hub says of a model, in bytes. */
export interface DownloadPlan {
  name: string;
  repository: string;
  commit: string;
  licence: string | null;
  bytes: number;
  /** Small files have no published SHA-256; they are checked by git's hash. */
  files: { name: string; bytes: number; sha256: string | null }[];
}

/** A line of `unmask runs export DIR --json` while it runs. */
export interface ExportProgress {
  /** Of the weights, written; 0 … 1. */
  share: number;
}

/** The last line of it. */
export interface ExportResult {
  /** The model folder. */
  dir: string;
  /** Their hash. */
  weights: string;
  /** Of the checkpoint. */
  step: number;
}

/** What AUP takes for accuracy: pass@1 where every task has tests, else exact match. */
export type AccuracyMeasure = 'passAt1' | 'exactMatch';

/** A measured value with its interval of 95 %, by bootstrap over the tasks. */
export interface Estimate {
  value: number;
  interval: [low: number, high: number];
}

/** Ways of decoding compared on one model and one set of tasks; `unmask eval --frontier` saves it as `*.frontier.json`. */
export interface Frontier {
  format: 'unmask-frontier';
  version: 1;
  /** Name of the task file. */
  suite: string;
  model: string;
  weights: string;
  device: string;
  tasks: number;
  /** Answers per task. */
  samples: number;
  accuracy: AccuracyMeasure;
  /** y_max of every AUP, percent. */
  bestAccuracy: number;
  curves: FrontierCurve[];
}

/** One way of decoding, from careful to fast. */
export interface FrontierCurve {
  name: string;
  /** Accuracy under parallelism, by either TPF. */
  aup: { denoise: Estimate; total: Estimate };
  points: FrontierPoint[];
}

export interface FrontierPoint {
  /** The setting that tells it from the others of its curve; empty where there is but one. */
  label: string;
  /** Percent. */
  accuracy: Estimate;
  tpf: { denoise: Estimate; total: Estimate };
  /** Null where it was not to be measured. */
  tokensPerSecond: Estimate | null;
}

// ------------------------------------------------------- server ⇄ engine process

/** Where forwards run. `auto` takes the best that works. */
export type Device = 'auto' | RunningDevice;
export type RunningDevice = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';

export interface EngineOptions {
  modelDir: string;
  device: Device;
  /** 0: chosen from the number of cores. */
  threads: number;
  /** Folder of what was found out about this machine; without it that of the command line. */
  storageDir?: string;
}

/** Text around a cursor, or a plain prompt when `suffix` is empty and `fim` is false. */
export interface EnginePrompt {
  prefix: string;
  suffix: string;
  fim: boolean;
  /** The prefix is a message, which a chat model answers. */
  chat?: boolean;
  /**
   * Text between the prefix and the cursor, such as a half-typed word, that the response begins with again. Its tokens
   * are the most probable ones that agree with it, and the probabilities are among those that do.
   */
  beginning?: string;
  /** Most prompt tokens; the beginning of the prefix and the end of the suffix are cut to fit. 0: the model's own. */
  budget: number;
}

export type ToEngine =
  | { type: 'load'; options: EngineOptions }
  | {
      type: 'complete';
      id: number;
      prompt: EnginePrompt;
      settings: Partial<DecodeSettings>;
      /** A model that cannot decode in the mode of the settings takes its own, with that one's threshold. */
      adapt?: boolean;
      /** Candidates recorded with every reveal; 0 for none. */
      candidates: number;
      /** Send a `step` message after every forward. */
      stream: boolean;
    }
  | { type: 'cancel'; id: number };

export interface ModelSummary {
  name: string;
  family: string;
  parameters: number;
  bytes: number;
  quantization: 'none' | 'int8' | 'int4';
  weights: string;
}

export interface EngineReady {
  model: ModelSummary;
  device: string;
  threads: number;
  loadMilliseconds: number;
}

/** Progress is 0 … 1; memory is the resident bytes of the process. */
export type FromEngine =
  | { type: 'loading'; progress: number; message: string }
  | ({ type: 'ready' } & EngineReady)
  | { type: 'step'; id: number; step: Step }
  | { type: 'done'; id: number; trajectory: Trajectory }
  /** The request was cancelled, or replaced by a later one, before its first forward. */
  | { type: 'dropped'; id: number }
  /** Without an id the engine itself failed, for example at loading. `user`: the message is a sentence for the user. */
  | { type: 'error'; id?: number; message: string; user: boolean }
  | { type: 'memory'; resident: number }
  /** A forward has ended; at most one a second. A process that is silent for long hangs in a forward. */
  | { type: 'alive' };

// ------------------------------------------------------ language server ⇄ editor

/** The one state the status item is a function of. */
export type ServerState =
  | { kind: 'starting' }
  | { kind: 'loading'; progress: number; message: string }
  | { kind: 'ready' }
  | { kind: 'busy' }
  | { kind: 'paused'; reason: string }
  | { kind: 'error'; message: string };

/** Notification `unmask/status`, server → client, on every change. */
export interface StatusParams {
  state: ServerState;
  model?: string;
  device?: string;
  /** Request to answer of the last completion, milliseconds. */
  lastLatency?: number;
  tokensPerSecond?: number;
  /** Share of requests answered without a forward, 0 … 1. */
  cacheHitRate?: number;
  /** Resident bytes of the engine process. */
  memory?: number;
  /** Name of the machine the engine runs on. */
  host: string;
}

/** Request `unmask/pause`, client → server: no completions until `unmask/resume`; frees the model if asked. */
export interface PauseParams {
  reason: string;
  unload: boolean;
}

/** Request `unmask/lastTrajectory`, client → server. */
export type LastTrajectoryResult = Trajectory | null;

/** Notification `unmask/step`, server → client, only between `unmask/watch {on:true}` and `{on:false}`. */
export interface StepParams {
  request: number;
  step: Step;
}

/** Notification `unmask/begin`, server → client while it watches: the steps of a request follow. */
export interface BeginParams {
  request: number;
  prompt: EnginePrompt;
}

/** Notification `unmask/end`, server → client while it watches. Without a trajectory the request was cancelled. */
export interface EndParams {
  request: number;
  trajectory?: Trajectory;
}

/** Request `unmask/trajectories`, client → server: the last ones, newest first. */
export type TrajectoriesResult = Trajectory[];

/**
 * Requests `unmask/readTrajectory` and `unmask/readFrontier`, client → server: check the text of a saved file; `name` is
 * for the message.
 */
export interface ReadSavedParams {
  name: string;
  text: string;
}

/** A sentence for the user stands in place of what could not be had. */
export type TrajectoryOrProblem =
  | { trajectory: Trajectory; problem?: undefined }
  | { trajectory?: undefined; problem: string };

export type FrontierOrProblem =
  | { frontier: Frontier; problem?: undefined }
  | { frontier?: undefined; problem: string };

/** Request `unmask/try`, client → server: decodes a prompt with the settings given, the others being the model's own. */
export interface TryParams {
  prompt: EnginePrompt;
  settings: Partial<DecodeSettings>;
}

/** Request `unmask/diagnostics`, client → server: what the *Copy diagnostics* command puts on the clipboard. */
export interface DiagnosticsResult {
  text: string;
}

/** `initializationOptions` of `initialize`; every field may be left out, for clients that know nothing of them. */
export interface InitializationOptions {
  /** Folder for local counters and caches. */
  storageDir?: string;
  /** Folder of the model that is used while the setting `model` is empty. */
  embeddedModelDir?: string;
  /** Settings of a client without `workspace/configuration`. */
  settings?: Partial<ServerSettings>;
}

/** Settings as the server reads them (section `unmask` of the client's configuration). */
export interface ServerSettings {
  enable: boolean;
  languages: Record<string, boolean>;
  /** Complete while typing; off: only requests made by hand are answered. */
  automatic: boolean;
  exclude: string[];
  model: string;
  device: Device;
  threads: number;
  decode: DecodeChoice;
  threshold: number;
  /** Of a line that is asked for by hand and that text follows; 1: decoded like any other. */
  beams: number;
  maxTokens: number;
  /** Least probability of a shown completion's first line, the product of its tokens', 0 … 1; −1 shows everything. */
  minConfidence: number;
  multiline: 'auto' | 'always' | 'never';
  contextTokens: number;
  unloadAfterMinutes: number;
  /** Where the editor has models downloaded from. */
  hub: string;
}

/** Command of an inline completion item: run by the editor after a full acceptance. Arguments: [completionId]. */
export const ACCEPTED_COMMAND = 'unmask.accepted';

/**
 * `status` and `step` are notifications of the server. The others are requests of the client, answered with null
 * where no result type stands above; `watch` takes `{ on: boolean }`.
 */
export const METHODS = {
  status: 'unmask/status',
  pause: 'unmask/pause',
  resume: 'unmask/resume',
  restartEngine: 'unmask/restartEngine',
  lastTrajectory: 'unmask/lastTrajectory',
  watch: 'unmask/watch',
  begin: 'unmask/begin',
  step: 'unmask/step',
  end: 'unmask/end',
  trajectories: 'unmask/trajectories',
  readTrajectory: 'unmask/readTrajectory',
  readFrontier: 'unmask/readFrontier',
  try: 'unmask/try',
  diagnostics: 'unmask/diagnostics',
  clearData: 'unmask/clearData',
} as const;

// ------------------------------------------------------------- editor ⇄ trace page

/** A trajectory to draw, with the name it is shown under. */
export interface NamedTrajectory {
  name: string;
  trajectory: Trajectory;
}

/** Nothing is sent before the page's `ready`. */
export type ToTracePage =
  /** Draws this one alone. */
  | ({ type: 'show' } & NamedTrajectory)
  /** Draws this one next to the first. */
  | ({ type: 'beside' } & NamedTrajectory)
  | ({ type: 'begin' } & BeginParams)
  | ({ type: 'step' } & StepParams)
  | { type: 'end'; request: number }
  | { type: 'problem'; message: string };

export type FromTracePage =
  /** `empty`: it remembers no traces of its own. */
  | { type: 'ready'; empty: boolean }
  /** Decode again; the answer is `beside` or `show`, or `problem`. */
  | ({ type: 'try'; beside: boolean } & TryParams)
  | ({ type: 'save' } & NamedTrajectory)
  /** Let the user choose a second trajectory; the answer is `beside`. */
  | { type: 'compare' };

// --------------------------------------------------------------- editor ⇄ run page

/** A line of metrics.jsonl or samples.jsonl, as it was written. */
export type RunRow = Record<string, unknown>;

/** What was read of a run's folder since the last message about it. */
export interface RunUpdate {
  /** Path of the folder. */
  run: string;
  /** The rows are all there are: forget the earlier ones. */
  restart: boolean;
  /** state.json; null while there is none. */
  state: RunRow | null;
  metrics: RunRow[];
  samples: RunRow[];
}

export type ToRunPage =
  | ({ type: 'update' } & RunUpdate)
  /** Draws a saved frontier in place of runs. */
  | { type: 'frontier'; frontier: Frontier }
  | { type: 'problem'; message: string };

export type FromRunPage =
  | { type: 'ready' }
  /** Let the user choose a further run, to be drawn on the same axes. */
  | { type: 'compare' }
  /** Open a trace that a sample names, relative to its run's folder. */
  | { type: 'openTrace'; run: string; file: string };

// ------------------------------------------------------------------------ training

/** Methods of reinforcement learning, the one for the embedded model first, as `train grpo --preset` takes them. */
export type RlPresetName =
  | 'lightningrl-verified'
  | 'lightningrl'
  | 'lightningrl-released'
  | 'dirl'
  | 'tracerl'
  | 'd1'
  | 'grpo-trajectory'
  | 'ontrack'
  | 'ontrack-verified'
  | 'jazbec'
  | 'jazbec-dpls'
  | 'jazbec-es'
  | 'dultra'
  | 'dultra-distill';

/** What is shown of a run that says it is running and has no process any more. */
export const INTERRUPTED = { status: 'interrupted', reason: 'its process ended without a word' } as const;

/** Environment variable that is 1 where the editor is in Restricted Mode: training refuses to run code. */
export const RESTRICTED_VARIABLE = 'UNMASK_RESTRICTED';
