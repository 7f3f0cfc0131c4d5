import type { Graph } from '../../kernels/graph.ts';
import { type InferenceSession, type Ort, openSession, type SessionSettings, type Tensor } from './ort.ts';

/** The first output of the graph, an empty sequence. */
const SEQUENCE = 'no_tensor';
const REFUSED = 'Non tensor type is temporarily not supported.';

/**
 * A session that writes its outputs into the caller's arrays and copies nothing. onnxruntime-node 1.30 also writes there,
 * but then copies every output into a new array of its own: 0.6 ms a megabyte, half a second for the gradients of all
 * weights. It does so output by output, and gives up at the first one that is no tensor.
 */
export class InPlaceSession {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** As `openSession`; adds an output to the graph. */
  static async open(
    ort: Ort,
    graph: Graph,
    folder: string,
    threads: number,
    settings: SessionSettings,
  ): Promise<InPlaceSession> {
    graph.nodes.push({
      op: 'SequenceEmpty',
      domain: '',
      inputs: [],
      outputs: [SEQUENCE],
      attributes: {},
    });
    graph.outputs.unshift({ name: SEQUENCE });
    return new InPlaceSession(await openSession(ort, graph, folder, threads, settings));
  }

  /**
   * Writes the named outputs into the arrays of `room`, which may be arrays of `feeds`: an output takes the place of an
   * input that nothing reads after the node that makes it. Blocks the event loop until it is done.
   */
  async run(feeds: Readonly<Record<string, Tensor>>, room: Readonly<Record<string, Tensor>>): Promise<void> {
    try {
      await this.#session.run(feeds, { [SEQUENCE]: null, ...room });
    } catch (error) {
      if ((error as Error).message !== REFUSED) throw error;
    }
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
