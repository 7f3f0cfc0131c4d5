import { grouped } from '../../kernels/attention/grouped.ts';
import { resident } from '../../kernels/attention/resident.ts';
import { denoisingLoop } from '../../kernels/denoising-loop.ts';
import { buildForward, FORWARD } from '../../kernels/forward.ts';
import type { ForwardAdapters } from '../../kernels/forward-adapters.ts';
import type { Head } from '../../kernels/head.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import type { RunningDevice } from '../protocol.ts';
import { DevicePast } from './device-past.ts';
import { type InferenceSession, type Ort, openSession, type Tensor, tensors } from './ort.ts';
import { DEVICE_GROWTH } from './ort-cache.ts';
import { choosePrecisions, type PrecisionOptions } from './precisions.ts';
import { type CacheRows, RowFeeds, rowStarts } from './row-feeds.ts';

/** Rows of one run of the forward graph; fields as in ForwardRequest. */
export interface ForwardRows extends CacheRows {
  select: readonly number[];
}

export interface OrtForwardOptions extends PrecisionOptions {
  /** Rows of several samples are fed together, see BatchInputs. */
  batch?: boolean;
  adapters?: ForwardAdapters;
  device?: RunningDevice;
  /** Make a denoising loop of it, which has further inputs; not on a device that keeps the past. */
  loop?: boolean;
}

/** Devices that keep the past; ONNX Runtime returns what other devices compute to the memory of the process. */
const KEEP_PAST: readonly RunningDevice[] = ['webgpu'];

/** The forward graph of one model in a session: fills its inputs from rows. */
export class OrtForward {
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #feeds: RowFeeds;
  readonly #past: DevicePast | undefined;

  private constructor(ort: Ort, session: InferenceSession, feeds: RowFeeds, past: DevicePast | undefined) {
    this.#ort = ort;
    this.#session = session;
    this.#feeds = feeds;
    this.#past = past;
  }

  static async open(
    ort: Ort,
    folder: ModelFolder,
    head: Head,
    threads: number,
    { batch = false, adapters, device = 'cpu', loop = false, ...precision }: OrtForwardOptions = {},
  ): Promise<OrtForward> {
    const precisions = choosePrecisions(folder, device, precision);
    const past = KEEP_PAST.includes(device) ? new DevicePast(folder.spec.layers) : undefined;
    const options = { ...precisions, attention: past ? resident : grouped, head, batch, adapters };
    const graph = buildForward(folder.spec, folder.weights, options);
    if (loop) denoisingLoop(graph);
    const session = await openSession(ort, graph, folder.dir, threads, { device, onDevice: past?.outputs });
    return new OrtForward(ort, session, new RowFeeds(ort, folder.spec, batch), past);
  }

  /** Of the caches that are fed here, in columns. */
  get cacheGrowth(): number | undefined {
    return this.#past && DEVICE_GROWTH;
  }

  /**
   * Runs the graph over the rows of one cache, or over those of every cache of a batch in the order of its samples, some
   * of which may have none; `extra` are further inputs. Blocks the event loop until it is done.
   */
  async run(samples: readonly ForwardRows[], extra: Record<string, Tensor>): Promise<Record<string, Tensor>> {
    const { i64 } = tensors(this.#ort);
    const starts = rowStarts(samples);
    const [{ cache }] = samples;
    const out = await this.#session.run({
      ...this.#feeds.make(samples),
      ...this.#past?.feeds(cache),
      ...extra,
      [FORWARD.ids]: i64(samples.flatMap(({ ids }) => ids)),
      [FORWARD.select]: i64(samples.flatMap(({ select }, i) => select.map((row) => starts[i] + row))),
    });
    this.#past?.take(cache, out);
    return out;
  }

  async release(): Promise<void> {
    this.#past?.release();
    await this.#session.release();
  }
}
