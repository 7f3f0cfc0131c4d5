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
    windows: 76,
    fullyMasked: 0.95,
    depthDecay: 0.8,
    softLabels: 0.6,
    learningRate: 1e-3,
    weightDecay: 0.01,
  },
  /** SDAR and its descendants, as published: all weights, blocks. */
  sdar: { objective: 'sdar', parameters: 'full', learningRate: 1e-5, fimShare: 0 },
  /** LLaDA and Dream, full attention. */
  llada: { objective: 'llada', parameters: 'lora', rank: 128, alpha: 64, learningRate: 3e-6, fimShare: 0 },
};
