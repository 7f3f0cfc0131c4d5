import type { Feed } from '../../../../kernels/graph.ts';
import type { Parameter } from '../../../../kernels/training/parameters.ts';
import { TRAINING, type TrainingGraph } from '../../../../kernels/training/training-graph.ts';
import {
  type InferenceSession,
  loadOrt,
  type Ort,
  openSession,
  type Tensor,
  tensors,
} from '../../../engine/ort.ts';
import type { ParameterValues } from '../../feeds.ts';
import { type Gradients, gradientOutputs } from '../../gradients.ts';
import type { TrainingResult } from '../../session.ts';

/** A policy's training graph in a session. */
export class UnmaskingSession {
  readonly parameters: readonly Parameter[];
  readonly #ort: Ort;
  readonly #session: InferenceSession;

  private constructor(ort: Ort, session: InferenceSession, parameters: readonly Parameter[]) {
    this.#ort = ort;
    this.#session = session;
    this.parameters = parameters;
  }

  static async open({ graph, parameters }: TrainingGraph, threads: number): Promise<UnmaskingSession> {
    const ort = await loadOrt();
    const session = await openSession(ort, graph, '.', threads, { planMemory: false });
    return new UnmaskingSession(ort, session, parameters);
  }

  /** Writes the gradients into the arrays of `gradients`. Blocks the event loop until it is done. */
  async run(
    feeds: Readonly<Record<string, Feed>>,
    values: ParameterValues,
    gradients: Gradients,
  ): Promise<TrainingResult> {
    const fetches = {
      [TRAINING.loss]: null,
      [TRAINING.logProbabilities]: null,
      ...gradientOutputs(this.#ort, this.parameters, gradients),
    };
    const out = await this.#session.run(this.#inputs(feeds, values), fetches);
    const data = (name: string) => out[name].data as Float32Array;
    return { loss: data(TRAINING.loss)[0], logProbabilities: data(TRAINING.logProbabilities), gradients };
  }

  /** log-probabilities of the decisions; for graphs without a loss. Blocks the event loop until it is done. */
  async score(feeds: Readonly<Record<string, Feed>>, values: ParameterValues): Promise<Float32Array> {
    const out = await this.#session.run(this.#inputs(feeds, values));
    return out[TRAINING.logProbabilities].data as Float32Array;
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  #inputs(feeds: Readonly<Record<string, Feed>>, values: ParameterValues): Record<string, Tensor> {
    const { f32, i64 } = tensors(this.#ort);
    const parameters = this.parameters.map(({ name, dims }) => [name, f32(values.get(name)!, dims)] as const);
    const others = Object.entries(feeds).map(
      ([name, feed]) =>
        [
          name,
          'f32' in feed
            ? f32(Float32Array.from(feed.f32), feed.dims ?? [feed.f32.length])
            : i64(feed.i64, feed.dims),
        ] as const,
    );
    return Object.fromEntries([...parameters, ...others]);
  }
}
