import { FORWARD } from '../../kernels/forward.ts';
import type { Tensor } from './ort.ts';
import type { OrtCache } from './ort-cache.ts';

/**
 * The past on a device that keeps it: every forward returns it with its rows behind the committed columns, so that
 * committing them, or taking some back, moves nothing. Of one cache at a time; another one, and one that grew, is
 * brought to the device from the memory of the process when it is fed.
 */
export class DevicePast {
  /** Outputs of the graph that stay on the device, and the inputs that they are next time. */
  readonly #inputOf: ReadonlyMap<string, string>;
  #cache: OrtCache | undefined;
  #capacity = 0;
  #tensors: Record<string, Tensor> = {};

  constructor(layers: number) {
    const all = Array.from({ length: layers }, (_, layer) => layer);
    this.#inputOf = new Map(
      all.flatMap((layer) => [
        [FORWARD.presentKey(layer), FORWARD.pastKey(layer)],
        [FORWARD.presentValue(layer), FORWARD.pastValue(layer)],
      ]),
    );
  }

  get outputs(): string[] {
    return [...this.#inputOf.keys()];
  }

  /** The inputs of the past that the device has for a cache; none where the cache has to bring them. */
  feeds(cache: OrtCache): Record<string, Tensor> {
    const current =
      cache === this.#cache && cache.memory.capacity === this.#capacity && cache.settled === cache.length;
    return current ? this.#tensors : {};
  }

  /** Keeps what a forward over a cache has returned, and lets go of what it was fed. */
  take(cache: OrtCache, out: Readonly<Record<string, Tensor>>): void {
    this.release();
    this.#tensors = Object.fromEntries([...this.#inputOf].map(([output, input]) => [input, out[output]]));
    this.#cache = cache;
    this.#capacity = cache.memory.capacity;
    cache.settled = cache.length;
  }

  /** Must come before the release of the session: what outlives the last session of a device cannot be let go of. */
  release(): void {
    for (const tensor of Object.values(this.#tensors)) tensor.dispose();
    this.#tensors = {};
    this.#cache = undefined;
  }
}
