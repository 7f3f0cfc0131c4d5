import { type AdamWParameter, adamWMemory } from './adamw-memory.ts';

/** The settings of AdamW; the learning rate comes with every step. */
export interface AdamWSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled from the gradient: a step first shrinks the weights by learningRate · weightDecay. */
  weightDecay: number;
}

/** AdamW (Loshchilov and Hutter, arXiv 1711.05101) with bias correction, as PyTorch computes it. */
export class AdamW {
  readonly #settings: AdamWSettings;
  /** The numbers under training, their gradients and moments, in single precision; all of them zero at first. */
  readonly parameters: ReadonlyMap<string, AdamWParameter>;
  /** Steps taken so far. */
  steps = 0;

  /** `lengths` by parameter. Throws UserError where one is too long. */
  constructor(settings: AdamWSettings, lengths: ReadonlyMap<string, number>) {
    this.#settings = settings;
    this.parameters = adamWMemory(lengths);
  }

  /**
   * Moves every parameter in place by its gradient, which is multiplied by `scale` first (what clipping asks for).
   * Vectors (norms and biases) are not decayed, so `decays` tells the matrices. Blocks the event loop until it is done.
   */
  step(learningRate: number, scale: number, decays: (name: string) => boolean): void {
    const { beta1, beta2, epsilon, weightDecay } = this.#settings;
    this.steps++;
    // The correction of the second moment, taken out of the root: a division less for every number.
    const correction = Math.sqrt(1 - beta2 ** this.steps);
    const factors = {
      beta1,
      firstScale: (1 - beta1) * scale,
      beta2,
      secondScale: Math.sqrt(1 - beta2) * scale,
      stepSize: (learningRate * correction) / (1 - beta1 ** this.steps),
      offset: epsilon * correction,
    };
    for (const [name, parameter] of this.parameters) {
      parameter.step({ ...factors, keep: decays(name) ? 1 - learningRate * weightDecay : 1 });
    }
  }
}
