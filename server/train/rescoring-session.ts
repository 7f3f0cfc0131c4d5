import type { Parameter } from '../../kernels/training/parameters.ts';
import { buildRescoringGraph, RESCORING } from '../../kernels/training/rescoring-graph.ts';
import type { SamplerHeadPlan } from '../../kernels/training/sampler-head.ts';
import { TRAINING } from '../../kernels/training/training-graph.ts';
import { type InferenceSession, loadOrt, type Ort, openSession, tensors } from '../engine/ort.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import type { ParameterValues } from './feeds.ts';
import { type Gradients, gradientOutputs } from './gradients.ts';
import type { HeadLessons } from './head-lessons.ts';

/** Loss and gradients of a sampler head over lessons. */
export class RescoringSession {
  readonly parameters: readonly Parameter[];
  readonly #ort: Ort;
  readonly #session: InferenceSession;

  private constructor(ort: Ort, session: InferenceSession, parameters: readonly Parameter[]) {
    this.parameters = parameters;
    this.#ort = ort;
    this.#session = session;
  }

  static async open(folder: ModelFolder, head: SamplerHeadPlan, threads: number): Promise<RescoringSession> {
    const ort = await loadOrt();
    const { graph, parameters } = buildRescoringGraph(folder.spec, folder.weights, head);
    const session = await openSession(ort, graph, folder.dir, threads, { planMemory: false });
    return new RescoringSession(ort, session, parameters);
  }

  /** One row or more; writes the gradients into the arrays of `gradients`. Blocks the event loop until it is done. */
  async run(
    { hidden, candidates, labels, previous }: HeadLessons,
    values: ParameterValues,
    gradients: Gradients,
  ): Promise<{ loss: number }> {
    const { i64, f32 } = tensors(this.#ort);
    const table = (data: Float32Array) => [previous.length, data.length / previous.length];
    const out = await this.#session.run(
      {
        [RESCORING.hidden]: f32(hidden, table(hidden)),
        [RESCORING.candidates]: i64([...candidates], table(candidates)),
        [RESCORING.labels]: f32(labels, table(labels)),
        [RESCORING.previous]: i64([...previous]),
        ...Object.fromEntries(this.parameters.map(({ name, dims }) => [name, f32(values.get(name)!, dims)])),
      },
      { [TRAINING.loss]: null, ...gradientOutputs(this.#ort, this.parameters, gradients) },
    );
    return { loss: (out[TRAINING.loss].data as Float32Array)[0] };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
