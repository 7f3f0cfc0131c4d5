import path from 'node:path';
import type { Activations } from '../../kernels/linear/int8.ts';
import { whole } from '../../kernels/linear/linear.ts';
import { NAMES } from '../../kernels/names.ts';
import { buildSamplerHead, CHAIN, type HeadWeight } from '../../kernels/sampler-head.ts';
import type { SamplerHead } from '../decode/denoiser.ts';
import { resolveSettings } from '../decode/settings.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { readSafetensorsHeader } from '../models/safetensors.ts';
import type { SamplerHeadSpec } from '../models/spec.ts';
import { type InferenceSession, nativeActivations, type Ort, openSession, tensors } from './ort.ts';

/** The sampler head on ONNX Runtime; kernels/naive-sampler-head.ts is its oracle. */
export class OrtSamplerHead implements SamplerHead {
  readonly candidates: number;
  readonly #ort: Ort;
  readonly #folder: ModelFolder;
  readonly #spec: SamplerHeadSpec;
  readonly #activations: Activations;
  #weights: ReadonlyMap<string, HeadWeight>;
  /** One unrolled graph for each number of rows that has been asked for; weights are mapped once by the system. */
  readonly #sessions = new Map<number, Promise<InferenceSession>>();

  private constructor(
    ort: Ort,
    folder: ModelFolder,
    spec: SamplerHeadSpec,
    weights: ReadonlyMap<string, HeadWeight>,
    activations: Activations,
  ) {
    this.#ort = ort;
    this.#folder = folder;
    this.#spec = spec;
    this.#weights = weights;
    this.#activations = activations;
    this.candidates = spec.candidates;
  }

  /** Opens the head of a model; undefined when it has none. */
  static async open(
    ort: Ort,
    folder: ModelFolder,
    activations: Activations = nativeActivations(),
  ): Promise<OrtSamplerHead | undefined> {
    const spec = folder.spec.samplerHead;
    if (!spec) return undefined;
    const { tensors: stored } = await readSafetensorsHeader(folder.dir, path.basename(spec.file));
    const weights = stored as ReadonlyMap<string, HeadWeight>;
    const head = new OrtSamplerHead(ort, folder, spec, weights, activations);
    // The graphs of the usual window are made now, so that the first completion need not wait for them.
    for (let rows = resolveSettings(folder.spec, {}).window - 1; rows > 0; rows--) await head.#session(rows);
    return head;
  }

  async chain(input: Parameters<SamplerHead['chain']>[0]): ReturnType<SamplerHead['chain']> {
    const { i64, f32 } = tensors(this.#ort);
    const rows = input.hidden.length / this.#folder.spec.hiddenSize;
    const perRow = input.candidates.length / rows;
    const session = await this.#session(rows);
    const out = await session.run({
      [CHAIN.hidden]: f32(input.hidden, [rows, this.#folder.spec.hiddenSize]),
      [CHAIN.candidates]: i64([...input.candidates], [rows, perRow]),
      [CHAIN.previous]: i64([input.previous]),
      [CHAIN.noise]: f32(input.noise ?? new Float32Array(rows * perRow), [rows, perRow]),
      [CHAIN.inverseTemperature]: f32(Float32Array.of(1 / (input.temperature ?? 1)), [1]),
    });
    return {
      chosen: Int32Array.from(out[CHAIN.chosen].data as BigInt64Array, Number),
      scores: out[CHAIN.scores].data as Float32Array,
    };
  }

  /** Takes other numbers for its tensors, by the names of the model's file. No chain may be running. */
  async update(values: ReadonlyMap<string, Float32Array>): Promise<void> {
    await this.release();
    this.#weights = new Map(
      [...this.#weights].map(([name, { dims }]) => [name, { values: values.get(name)!, dims }]),
    );
  }

  async release(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  #session(rows: number): Promise<InferenceSession> {
    let session = this.#sessions.get(rows);
    if (!session) {
      session = this.#open(rows);
      this.#sessions.set(rows, session);
    }
    return session;
  }

  #open(rows: number): Promise<InferenceSession> {
    const { spec, weights, dir } = this.#folder;
    const part = (name: string) => this.#weights.get(name)!;
    const graph = buildSamplerHead(this.#activations, {
      w1: part('w1.weight'),
      b1: part('w1.bias'),
      w2: part('w2.weight'),
      b2: part('w2.bias'),
      embedding: whole(weights, NAMES.embedding)[0],
      output: whole(weights, spec.tiedHead ? NAMES.embedding : NAMES.head)[0],
      embeddingScale: this.#spec.embeddingScale,
      hiddenSize: spec.hiddenSize,
      rows,
    });
    // One thread: the chain is a sequence of small products.
    return openSession(this.#ort, graph, dir, 1);
  }
}
