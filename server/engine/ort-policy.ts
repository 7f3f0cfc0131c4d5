import {
  buildPolicy,
  POLICY_NETWORK,
  policyFeeds,
  policyParameters,
} from '../../kernels/unmasking-policy.ts';
import type { LearnedPolicy, PolicyView } from '../decode/unmasking/learned-policy.ts';
import { policyInputs } from '../decode/unmasking/policy-inputs.ts';
import type { PolicyHeader, StoredPolicy } from '../models/policy-file.ts';
import { type InferenceSession, type Ort, openSession, type Tensor, tensors } from './ort.ts';

/** A policy over confidences or hidden states on ONNX Runtime; kernels/naive-unmasking-policy.ts is its oracle. */
export class OrtPolicy implements LearnedPolicy {
  readonly unmasking: LearnedPolicy['unmasking'];
  readonly temperature: number;
  readonly window: number;
  readonly confidences: number;
  readonly hidden: boolean;
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #header: PolicyHeader;
  /** Inputs whose numbers are used where they lie. */
  readonly #parameters: Record<string, Tensor>;

  private constructor(ort: Ort, session: InferenceSession, { header, values }: StoredPolicy) {
    this.#ort = ort;
    this.#session = session;
    this.#header = header;
    this.unmasking = header.unmasking;
    this.temperature = header.temperature;
    this.window = header.shape.window;
    this.confidences = header.confidences;
    this.hidden = header.hidden;
    const { f32 } = tensors(ort);
    this.#parameters = Object.fromEntries(
      policyParameters(header.shape).map(({ name, dims }) => [name, f32(values.get(name)!.slice(), dims)]),
    );
  }

  static async open(ort: Ort, stored: StoredPolicy): Promise<OrtPolicy> {
    // One thread: a window is a few rows of a small network.
    const session = await openSession(ort, buildPolicy(stored.header.shape), '.', 1);
    return new OrtPolicy(ort, session, stored);
  }

  /** Takes other numbers for its tensors. */
  update(values: ReadonlyMap<string, Float32Array>): void {
    for (const [name, tensor] of Object.entries(this.#parameters)) {
      (tensor.data as Float32Array).set(values.get(name)!);
    }
  }

  async logits(view: PolicyView): Promise<Float32Array> {
    const { f32, i64 } = tensors(this.#ort);
    const rows = { ...view, inputs: policyInputs(view, this.confidences) };
    const feeds: Record<string, Tensor> = { ...this.#parameters };
    for (const [name, feed] of Object.entries(policyFeeds(this.#header.shape, [rows]))) {
      feeds[name] = 'f32' in feed ? f32(Float32Array.from(feed.f32), feed.dims!) : i64(feed.i64, feed.dims);
    }
    const out = await this.#session.run(feeds);
    return out[POLICY_NETWORK.logits].data as Float32Array;
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
