import { buildPlanner, PLANNER, plannerFeeds, plannerParameters } from '../../kernels/planner.ts';
import { inverseFrequencies, rotations } from '../../kernels/rope.ts';
import type { LearnedPolicy, PolicyView } from '../decode/unmasking/learned-policy.ts';
import type { PlannerHeader } from '../models/planner-file.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import { type InferenceSession, type Ort, openSession, type Tensor, tensors } from './ort.ts';

/** A planner on ONNX Runtime; kernels/naive-planner.ts is its oracle. */
export class OrtPlanner implements LearnedPolicy {
  readonly unmasking: LearnedPolicy['unmasking'];
  readonly window: number;
  readonly temperature = 1;
  readonly confidences = 0;
  readonly hidden = true;
  readonly seesRows = true;
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #spec: DenoiserSpec;
  readonly #frequencies: Float64Array;
  #parameters: Record<string, Tensor> = {};

  private constructor(
    ort: Ort,
    session: InferenceSession,
    spec: DenoiserSpec,
    { unmasking, window }: Pick<PlannerHeader, 'unmasking' | 'window'>,
  ) {
    this.#ort = ort;
    this.#session = session;
    this.#spec = spec;
    this.#frequencies = inverseFrequencies(spec.rope, spec.headDim);
    this.unmasking = unmasking;
    this.window = window;
  }

  /** It decides nothing before its first `update`. */
  static async open(
    ort: Ort,
    spec: DenoiserSpec,
    threads: number,
    header: Pick<PlannerHeader, 'unmasking' | 'window'>,
  ): Promise<OrtPlanner> {
    const session = await openSession(ort, buildPlanner(spec), '.', threads);
    return new OrtPlanner(ort, session, spec, header);
  }

  /** Takes numbers for its tensors, which are read where they lie. */
  update(values: ReadonlyMap<string, Float32Array>): void {
    const { f32 } = tensors(this.#ort);
    this.#parameters = Object.fromEntries(
      plannerParameters(this.#spec).map(({ name, dims }) => [name, f32(values.get(name)!, dims)]),
    );
  }

  async logits({ seen }: PolicyView): Promise<Float32Array> {
    if (!seen) throw new Error('A planner looks at all rows of a step.');
    const { f32, i64 } = tensors(this.#ort);
    const { positions, hidden, predictors } = seen;
    const pairs = this.#frequencies.length;
    const [cos, sin] = [0, 1].map(() => new Float32Array(positions.length * pairs));
    rotations(this.#frequencies, positions, cos, sin);
    const feeds: Record<string, Tensor> = {
      ...this.#parameters,
      [PLANNER.hidden]: f32(hidden, [positions.length, this.#spec.hiddenSize]),
      [PLANNER.cos]: f32(cos, [positions.length, pairs]),
      [PLANNER.sin]: f32(sin, [positions.length, pairs]),
    };
    for (const [name, feed] of Object.entries(plannerFeeds(this.#spec, [seen]))) {
      feeds[name] = 'f32' in feed ? f32(Float32Array.from(feed.f32), feed.dims!) : i64(feed.i64, feed.dims);
    }
    const logits = (await this.#session.run(feeds))[PLANNER.logits].data as Float32Array;
    return Float32Array.from(predictors, (row) => logits[row]);
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
