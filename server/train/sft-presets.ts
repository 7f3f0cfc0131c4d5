/** Settings to begin with, by name; what a preset leaves out has its default. */
export const SFT_PRESETS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  /** The embedded model's own objective, through adapters: fits into 3 GB. */
  'window-lora': {
    objective: 'window-diffusion',
    parameters: 'lora',
    rank: 64,
    alpha: 64,
    learningRate: 5e-4,
    fullyMasked: 0.85,
    depthDecay: 0.8,
    softLabels: 0.6,
  },
  /** The same with all weights. */
  'window-full': { objective: 'window-diffusion', parameters: 'full', learningRate: 2e-5 },
  /** The sampler head alone, on a frozen network; verified decoding has no windows but fully masked ones. */
  'sampler-head': {
    objective: 'window-diffusion',
    parameters: 'none',
    noisyWeight: 0,
    autoregressiveWeight: 0,
    chainedWeight: 1,
    windows: 100,
    fullyMasked: 0.95,
    depthDecay: 0.8,
    softLabels: 1,
    softTemperature: 0.5,
    samplesPerStep: 2,
    learningRate: 5e-4,
  },
  /**
   * Adapters, special tokens and sampler head together, the windows taught by the model's own autoregressive mode: what
   * the embedded model was trained further by. Next tokens count as much as windows, and prompts teach too, so that the
   * model learns to fill holes and not only to propose; samples are as long as the prompts of completion.
   */
  'window-joint': {
    objective: 'window-diffusion',
    parameters: 'lora',
    rank: 64,
    alpha: 64,
    specialTokens: true,
    noisyWeight: 0.3,
    autoregressiveWeight: 1,
    promptWeight: 0.15,
    chainedWeight: 1,
    windows: 30,
    fullyMasked: 0.95,
    depthDecay: 0.8,
    softLabels: 0.8,
    softTemperature: 0.7,
    certainty: 0.1,
    fimShare: 0.9,
    samplesPerStep: 4,
    sampleTokens: 512,
    rowsPerForward: 760,
    learningRate: 6e-4,
    warmupSteps: 15,
  },
  /** The same, taught on the model's own tokens in place of the texts'. */
  'student-forced': {
    objective: 'student-forced',
    parameters: 'lora',
    rank: 64,
    alpha: 64,
    chainedWeight: 1,
    depthDecay: 0.8,
    learningRate: 3e-4,
  },
  /**
   * dUltra's planner (arXiv 2512.21446, appendix) on a frozen network, before `train grpo --preset dultra`. Published: 100k
   * steps of 64 texts of 512 tokens, learning rate 1e-5 falling to 1e-7.
   */
  planner: {
    objective: 'planner',
    parameters: 'none',
    windows: 40,
    fullyMasked: 0.5,
    samplesPerStep: 4,
    sampleTokens: 160,
    rowsPerForward: 700,
    learningRate: 3e-4,
    fimShare: 0.3,
  },
  /** SDAR and its descendants, as published: all weights, blocks. */
  sdar: { objective: 'sdar', parameters: 'full', learningRate: 1e-5, fimShare: 0 },
  /** Open-dLLM, as published: full attention, all weights. */
  'open-dllm': { objective: 'open-dllm', parameters: 'full', learningRate: 3e-4, fimShare: 0 },
  /** LLaDA and Dream, full attention. */
  llada: { objective: 'llada', parameters: 'lora', rank: 128, alpha: 64, learningRate: 3e-6, fimShare: 0 },
};
