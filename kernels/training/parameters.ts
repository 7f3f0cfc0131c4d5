import { DTYPE, type Graph, type Value } from '../graph.ts';
import { widened } from '../linear/stored.ts';
import { NAMES } from '../names.ts';
import { logicalDims, type WeightLocation, type WeightTable } from '../weights.ts';
import type { SamplerHeadPlan } from './sampler-head.ts';

/** Low-rank adapters: the weight of a module becomes W + alpha / rank · B·A, A [rank, in], B [out, rank]. */
export interface AdapterPlan {
  rank: number;
  alpha: number;
  /** Only noisy rows have them, so that clean ones stay those of the base model bit for bit; see `TrainingWeights`. */
  gated?: boolean;
  /** Modules by name, such as `model.layers.0.self_attn.q_proj`. */
  modules: ReadonlySet<string>;
}

/** Which numbers are trained. Everything else is frozen and stays in its file. */
export interface TrainingPlan {
  /** Stored tensors that are trained whole, such as `model.norm.weight`. */
  tensors: ReadonlySet<string>;
  adapters?: AdapterPlan;
  /** Tokens whose rows of the input embedding are trained, while the others are frozen. */
  specialTokens?: readonly number[];
  samplerHead?: SamplerHeadPlan;
  /** All tensors of a planner head, see `plannerParameters`. */
  planner?: boolean;
}

/** A trained tensor: an input of the training graph under its own name. */
export interface Parameter {
  name: string;
  dims: readonly number[];
}

/** Name of the trained rows of special tokens, [tokens, hiddenSize]. */
export const SPECIAL_ROWS = 'special_token_rows';

export function adapterNames(module: string): { a: string; b: string } {
  return { a: `${module}.lora_A.weight`, b: `${module}.lora_B.weight` };
}

/** Weights of a layer as the training graph takes them. */
export interface LayerWeights {
  /** A whole tensor; the same value however often it is asked for. */
  tensor(name: string): Value;
  /** x·Wᵀ + b of a module. x is [rows, in]. */
  linear(x: Value, module: string): Value;
}

/** Gives the training graph its weights in f32: trained ones as inputs, frozen ones as constants. */
export class TrainingWeights implements LayerWeights {
  readonly trained: Parameter[] = [];
  readonly #graph: Graph;
  readonly #stored: WeightTable;
  readonly #plan: TrainingPlan;
  readonly #gate: Value | undefined;
  readonly #values = new Map<string, Value>();

  /** `gate` multiplies the low-rank products of every row, f32 [rows, 1]. */
  constructor(graph: Graph, stored: WeightTable, plan: TrainingPlan, gate?: Value) {
    this.#gate = gate;
    this.#graph = graph;
    this.#stored = stored;
    this.#plan = plan;
  }

  tensor(name: string): Value {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const dims = logicalDims(this.#location(name));
    const value = this.#plan.tensors.has(name) ? this.train({ name, dims }) : this.#freeze(name);
    this.#values.set(name, value);
    return value;
  }

  /** The input embedding of token ids [rows], [rows, hiddenSize]. */
  embed(ids: Value): Value {
    const graph = this.#graph;
    const name = `${NAMES.embedding}.weight`;
    const stored = graph.op('Gather', [this.tensor(name), ids], { axis: 0 });
    const special = this.#plan.specialTokens;
    if (!special) return stored;
    const trained = this.train({
      name: SPECIAL_ROWS,
      dims: [special.length, logicalDims(this.#location(name))[1]],
    });
    const column = graph.op('Unsqueeze', [ids, graph.i64([1])]);
    const same = graph.op('Equal', [column, graph.i64(special, [1, special.length])]);
    const isSpecial = graph.op('Cast', [same], { to: DTYPE.f32 });
    const any = graph.op('ReduceSum', [isSpecial, graph.i64([1])], { keepdims: 1 });
    const others = graph.op('Mul', [stored, graph.op('Sub', [graph.f32([1]), any])]);
    return graph.op('Add', [others, graph.op('MatMul', [isSpecial, trained])]);
  }

  has(name: string): boolean {
    return this.#stored.has(name);
  }

  /** With the module's adapter if it has one. */
  linear(x: Value, module: string): Value {
    const bias = `${module}.bias`;
    const inputs = [x, this.tensor(`${module}.weight`), ...(this.has(bias) ? [this.tensor(bias)] : [])];
    const product = this.#graph.op('Gemm', inputs, { transB: 1 });
    const adapters = this.#plan.adapters;
    if (!adapters?.modules.has(module)) return product;
    const [out, into] = logicalDims(this.#location(`${module}.weight`));
    const names = adapterNames(module);
    const a = this.train({ name: names.a, dims: [adapters.rank, into] });
    const b = this.train({ name: names.b, dims: [out, adapters.rank] });
    const all = this.#graph.op('Gemm', [x, a], { transB: 1 });
    const low = this.#gate ? this.#graph.op('Mul', [all, this.#gate]) : all;
    const alpha = { float: adapters.alpha / adapters.rank };
    // Added by a node of its own: as its third input a Gemm would copy the product first, on one thread.
    return this.#graph.op('Add', [product, this.#graph.op('Gemm', [low, b], { transB: 1, alpha })]);
  }

  /** A parameter: an input of the graph. */
  train(parameter: Parameter): Value {
    this.trained.push(parameter);
    return this.#graph.input(parameter.name, 'f32', parameter.dims);
  }

  #freeze(name: string): Value {
    const weight = this.#location(name);
    const scale = this.#stored.get(`${name}_scale`);
    return widened(this.#graph, { weight, scale, start: 0, count: weight.dims[0] });
  }

  #location(name: string): WeightLocation {
    const found = this.#stored.get(name);
    if (!found) throw new Error(`the model has no tensor ${name}`);
    return found;
  }
}

/** Weights that are all inputs of the graph, under their own names. */
export class InputWeights implements LayerWeights {
  readonly #graph: Graph;
  readonly #names: ReadonlySet<string>;

  constructor(graph: Graph, parameters: readonly Parameter[]) {
    this.#graph = graph;
    this.#names = new Set(parameters.map(({ name, dims }) => graph.input(name, 'f32', dims)));
  }

  tensor(name: string): Value {
    if (!this.#names.has(name)) throw new Error(`the graph has no input ${name}`);
    return name;
  }

  linear(x: Value, module: string): Value {
    const bias = `${module}.bias`;
    const inputs = [x, this.tensor(`${module}.weight`), ...(this.#names.has(bias) ? [bias] : [])];
    return this.#graph.op('Gemm', inputs, { transB: 1 });
  }
}
