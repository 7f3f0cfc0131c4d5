import { ADAMW, buildAdamW } from '../../kernels/training/adamw.ts';
import { InPlaceSession } from '../engine/in-place-session.ts';
import { loadOrt, type Ort, tensors } from '../engine/ort.ts';
import { chunks } from './chunks.ts';

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
  readonly #ort: Ort;
  readonly #session: InPlaceSession;
  readonly #settings: AdamWSettings;
  readonly #moments = new Map<string, Moments>();
  /** Steps taken so far. */
  steps = 0;

  private constructor(ort: Ort, session: InPlaceSession, settings: AdamWSettings) {
    this.#ort = ort;
    this.#session = session;
    this.#settings = settings;
  }

  static async open(settings: AdamWSettings, threads: number): Promise<AdamW> {
    const ort = await loadOrt();
    const session = await InPlaceSession.open(ort, buildAdamW(settings), '.', threads, {});
    return new AdamW(ort, session, settings);
  }

  /** The state by parameter: to be saved, or to be filled from a checkpoint. */
  moments(name: string, length: number): Moments {
    let moments = this.#moments.get(name);
    if (!moments) {
      // Zeros are written, because pages that are read before they were ever written cost several times as much.
      const zeros = () => new Float32Array(length).fill(0);
      moments = { first: zeros(), second: zeros() };
      this.#moments.set(name, moments);
    }
    return moments;
  }

  /**
   * Moves every parameter in place. `gradients` are multiplied by `scale` first (what clipping asks for). Vectors
   * (norms and biases) are not decayed, so `decays` tells the matrices.
   */
  async step(
    values: ReadonlyMap<string, Float32Array>,
    gradients: ReadonlyMap<string, Float32Array>,
    learningRate: number,
    scale: number,
    decays: (name: string) => boolean,
  ): Promise<void> {
    const { beta1, beta2, epsilon, weightDecay } = this.#settings;
    const { f32 } = tensors(this.#ort);
    const scalar = (value: number) => f32(Float32Array.of(value), []);
    this.steps++;
    // The correction of the second moment, taken out of the root: a division less for every number.
    const correction = Math.sqrt(1 - beta2 ** this.steps);
    const scalars = {
      [ADAMW.firstScale]: scalar((1 - beta1) * scale),
      [ADAMW.secondScale]: scalar(Math.sqrt(1 - beta2) * scale),
      [ADAMW.stepSize]: scalar((learningRate * correction) / (1 - beta1 ** this.steps)),
      [ADAMW.offset]: scalar(epsilon * correction),
    };
    for (const [name, value] of values) {
      const keep = scalar(decays(name) ? 1 - learningRate * weightDecay : 1);
      const arrays = { value, gradient: gradients.get(name)!, ...this.moments(name, value.length) };
      for (const chunk of chunks(this.#ort, arrays)) {
        await this.#session.run(
          { ...chunk, ...scalars, [ADAMW.keep]: keep },
          {
            [ADAMW.next('value')]: chunk.value,
            [ADAMW.next('first')]: chunk.first,
            [ADAMW.next('second')]: chunk.second,
          },
        );
      }
    }
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
