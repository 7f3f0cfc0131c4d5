import { grouped } from '../../kernels/attention/grouped.ts';
import { buildForward, FORWARD } from '../../kernels/forward.ts';
import type { ForwardAdapters } from '../../kernels/forward-adapters.ts';
import type { Head } from '../../kernels/head.ts';
import type { Activations } from '../../kernels/linear/int8.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import type { RunningDevice } from '../protocol.ts';
import { type InferenceSession, type Ort, openSession, type Tensor, tensors } from './ort.ts';
import { choosePrecisions } from './precisions.ts';
import { type CacheRows, RowFeeds, rowStarts } from './row-feeds.ts';

/** Rows of one run of the forward graph; fields as in ForwardRequest. */
export interface ForwardRows extends CacheRows {
  select: readonly number[];
}

export interface OrtForwardOptions {
  /** Rows of several samples are fed together, see BatchInputs. */
  batch?: boolean;
  adapters?: ForwardAdapters;
  device?: RunningDevice;
  /** The type of activations in int8 products. */
  activations?: Activations;
}

/** The forward graph of one model in a session: fills its inputs from rows. */
export class OrtForward {
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #feeds: RowFeeds;

  private constructor(ort: Ort, session: InferenceSession, feeds: RowFeeds) {
    this.#ort = ort;
    this.#session = session;
    this.#feeds = feeds;
  }

  static async open(
    ort: Ort,
    folder: ModelFolder,
    head: Head,
    threads: number,
    { batch = false, adapters, device = 'cpu', activations }: OrtForwardOptions = {},
  ): Promise<OrtForward> {
    const precisions = choosePrecisions(folder, device, activations);
    const options = { ...precisions, attention: grouped, head, batch, adapters };
    const graph = buildForward(folder.spec, folder.weights, options);
    const session = await openSession(ort, graph, folder.dir, threads, { device });
    return new OrtForward(ort, session, new RowFeeds(ort, folder.spec, batch));
  }

  /**
   * Runs the graph over the rows of one cache, or over those of every cache of a batch in the order of its samples, some
   * of which may have none; `extra` are further inputs. Blocks the event loop until it is done.
   */
  async run(samples: readonly ForwardRows[], extra: Record<string, Tensor>): Promise<Record<string, Tensor>> {
    const { i64 } = tensors(this.#ort);
    const starts = rowStarts(samples);
    return this.#session.run({
      ...this.#feeds.make(samples),
      ...extra,
      [FORWARD.ids]: i64(samples.flatMap(({ ids }) => ids)),
      [FORWARD.select]: i64(samples.flatMap(({ select }, i) => select.map((row) => starts[i] + row))),
    });
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
