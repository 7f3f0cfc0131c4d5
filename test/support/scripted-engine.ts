import type {
  Engine,
  EngineHooks,
  EngineRequest,
  EngineSettings,
  EngineState,
} from '../../server/engine/engine.ts';
import type { EngineReady, Step, StopReason, Trajectory } from '../../server/protocol.ts';

/** What the engine answers to a prefix that ends with `after`, token by token. */
export interface ScriptRule {
  after: string;
  tokens: string[];
  /** Of every token, 0 … 1; 0.9 unless said otherwise. */
  confidence?: number;
}

export interface EngineObserver {
  /** Before every forward; the forward runs when the promise resolves. */
  beforeForward(request: number, forward: number, signal: AbortSignal | undefined): Promise<void>;
  onEnd(request: number, stop: StopReason): void;
}

/** An engine without a model: one token a forward, by a script. */
export class ScriptedEngine implements Engine {
  state: EngineState = { kind: 'off' };
  model: EngineReady | undefined;
  memory: number | undefined;
  rules: ScriptRule[] = [];
  settings: EngineSettings | undefined;
  readonly requests: EngineRequest[] = [];
  private readonly observer: EngineObserver;
  private readonly listeners = new Set<() => void>();

  constructor(observer: EngineObserver) {
    this.observer = observer;
  }

  async complete(request: EngineRequest, hooks: EngineHooks = {}): Promise<Trajectory | null> {
    const number = this.requests.push(request);
    if (this.state.kind === 'off') this.load();
    this.enter({ kind: 'busy' });
    const { prefix, beginning = '' } = request.prompt;
    const rule = this.rules.find(({ after }) => `${prefix}${beginning}`.endsWith(after));
    const stops = request.settings.stopStrings ?? [];
    const steps: Step[] = [];
    let text = '';
    let stop: StopReason = 'token';
    for (const [position, token] of (rule?.tokens ?? []).entries()) {
      if (!hooks.signal?.aborted) await this.observer.beforeForward(number, position, hooks.signal);
      if (hooks.signal?.aborted) {
        stop = 'cancelled';
        break;
      }
      text += token;
      const step = makeStep(position, token, rule!.confidence ?? 0.9);
      steps.push(step);
      hooks.onStep?.(step);
      const cut = stops.map((string) => text.indexOf(string)).filter((index) => index >= 0);
      if (cut.length > 0) {
        text = text.slice(0, Math.min(...cut));
        stop = 'string';
        break;
      }
    }
    this.enter({ kind: 'ready' });
    this.observer.onEnd(number, stop);
    return stop === 'cancelled' ? null : makeTrajectory(text, steps, stop);
  }

  onDidChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  configure(settings: EngineSettings): void {
    this.settings = settings;
  }

  async restart(): Promise<void> {
    this.enter({ kind: 'off' });
    this.load();
    this.enter({ kind: 'ready' });
  }

  async unload(): Promise<void> {
    this.enter({ kind: 'off' });
  }

  async dispose(): Promise<void> {
    this.enter({ kind: 'off' });
  }

  private load(): void {
    this.enter({ kind: 'loading', progress: 0.5, message: 'Reading weights' });
    this.model = {
      model: {
        name: 'scripted',
        family: 'none',
        parameters: 0,
        bytes: 0,
        quantization: 'none',
        weights: '00',
      },
      device: 'cpu',
      threads: 1,
      loadMilliseconds: 1,
    };
  }

  private enter(state: EngineState): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}

function makeStep(position: number, text: string, confidence: number): Step {
  return {
    index: position,
    kind: 'denoise',
    windowStart: position,
    window: [null],
    revealed: [{ position, id: position, text, confidence, logProb: Math.log(confidence), source: 'clean' }],
    confirmed: [],
    rolledBack: [],
    settled: position + 1,
    milliseconds: 1,
  };
}

/** A trajectory of one token a step. */
export function makeTrajectory(text: string, steps: Step[], stop: StopReason): Trajectory {
  const forwards = { prefill: 1, denoise: steps.length, total: steps.length };
  return {
    format: 'unmask-trajectory',
    version: 1,
    model: 'scripted',
    weights: '00',
    device: 'cpu',
    settings: {
      mode: 'ar',
      threshold: 1,
      window: 1,
      maxTokens: 64,
      temperature: 0,
      seed: 0,
      topK: 1,
      stopStrings: [],
    },
    promptIds: [],
    cachedTokens: 0,
    responseIds: steps.map(({ index }) => index),
    responseTexts: steps.map(({ revealed }) => revealed[0].text),
    text,
    steps,
    stop,
    rollbacks: 0,
    forwards,
    tpf: { denoise: 1, total: 1 },
    ms: { load: 0, prefill: 1, decode: steps.length },
  };
}

/** The trajectory of an answer in tokens of `size` characters, all of one confidence. */
export function trajectoryOf(
  text: string,
  confidence = 0.9,
  size = 3,
  stop: StopReason = 'token',
): Trajectory {
  const tokens = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
  return makeTrajectory(
    text,
    tokens.map((token, position) => makeStep(position, token, confidence)),
    stop,
  );
}
