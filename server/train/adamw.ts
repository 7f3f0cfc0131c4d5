/** The settings of AdamW; the learning rate comes with every step. */
export interface AdamWSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled from the gradient: a step first shrinks the weights by learningRate · weightDecay. */
  weightDecay: number;
}

/** Moments of one parameter, in single precision. */
export interface Moments {
  first: Float32Array;
  second: Float32Array;
}

/** AdamW (Loshchilov and Hutter, arXiv 1711.05101) with bias correction, as PyTorch computes it. */
export class AdamW {
  readonly #settings: AdamWSettings;
  readonly #moments = new Map<string, Moments>();
  /** Steps taken so far. */
  steps = 0;

  constructor(settings: AdamWSettings) {
    this.#settings = settings;
  }

  /** The state by parameter: to be saved, or to be filled from a checkpoint. */
  moments(name: string, length: number): Moments {
    let moments = this.#moments.get(name);
    if (!moments) {
      moments = { first: new Float32Array(length), second: new Float32Array(length) };
      this.#moments.set(name, moments);
    }
    return moments;
  }

  /**
   * Moves every parameter in place. `gradients` are multiplied by `scale` first (what clipping asks for). Vectors
   * (norms and biases) are not decayed, so `decays` tells the matrices.
   */
  step(
    values: ReadonlyMap<string, Float32Array>,
    gradients: ReadonlyMap<string, Float32Array>,
    learningRate: number,
    scale: number,
    decays: (name: string) => boolean,
  ): void {
    const { beta1, beta2, epsilon, weightDecay } = this.#settings;
    this.steps++;
    // The correction of the second moment, taken out of the root: a division less for every number.
    const correction = Math.sqrt(1 - beta2 ** this.steps);
    const stepSize = (learningRate * correction) / (1 - beta1 ** this.steps);
    const offset = epsilon * correction;
    for (const [name, value] of values) {
      const gradient = gradients.get(name)!;
      const { first, second } = this.moments(name, value.length);
      const kept = decays(name) ? 1 - learningRate * weightDecay : 1;
      for (let i = 0; i < value.length; i++) {
        const slope = gradient[i] * scale;
        const mean = first[i] + (1 - beta1) * (slope - first[i]);
        const square = beta2 * second[i] + (1 - beta2) * slope * slope;
        first[i] = mean;
        second[i] = square;
        value[i] = value[i] * kept - (stepSize * mean) / (Math.sqrt(square) + offset);
      }
    }
  }
}
