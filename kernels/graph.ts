import type { WeightLocation } from './weights.ts';

/** Element types of graph tensors, by their number in onnx.proto. */
export const DTYPE = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9, f16: 10, bf16: 16 } as const;
export type Dtype = keyof typeof DTYPE;

/** Name of a tensor in the graph. An empty name is an optional input or output left out. */
export type Value = string;

/** A dimension: a number, or a name for one that is known only when the graph runs. */
export type Dim = number | string;

/** Integers are ints in ONNX, so a float attribute is written `{ float: 0.5 }`. A body may read the values around it. */
export type Attribute = number | string | readonly number[] | { float: number } | { body: Graph };

export interface Node {
  op: string;
  domain: '' | 'com.microsoft';
  inputs: Value[];
  outputs: Value[];
  attributes: Record<string, Attribute>;
}

export interface Port {
  name: Value;
  dtype: Dtype;
  dims: readonly Dim[];
}

/** An output; the runtime infers the type of one that has none here. */
export type Output = Port | { name: Value };

/** Numbers for an input of a graph; a vector where no dimensions are given. */
export type Feed = { dims?: readonly number[] } & ({ f32: ArrayLike<number> } | { i64: readonly number[] });

/** A constant: bytes inside the model, or a range of a weight file that the runtime maps. */
export type Initializer = Port & { dims: readonly number[] } & (
    | { bytes: Uint8Array }
    | { file: string; offset: number; length: number }
  );

const WEIGHT_DTYPE = { F32: 'f32', F16: 'f16', BF16: 'bf16', I8: 'i8', I4: 'u8' } as const satisfies Record<
  string,
  Dtype
>;

/** A graph under construction: nodes in execution order. Serialised by onnx/serialize.ts. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly initializers: Initializer[] = [];
  readonly inputs: Port[] = [];
  readonly outputs: Output[] = [];
  /** Nodes that are to run on the processor even where the device has their operator, as far as it can be told so. */
  readonly onProcessor: Node[] = [];
  readonly #constants = new Map<string, Value>();
  #count = 0;

  input(name: Value, dtype: Dtype, dims: readonly Dim[]): Value {
    this.inputs.push({ name, dtype, dims });
    return name;
  }

  /** Gives `value` the public name `name` and makes it an output. */
  output(name: Value, value: Value, dtype: Dtype, dims: readonly Dim[]): void {
    this.nodes.push({ op: 'Identity', domain: '', inputs: [value], outputs: [name], attributes: {} });
    this.outputs.push({ name, dtype, dims });
  }

  /** The same without a copy, for large values: nodes that are added later must read `name` instead of `value`. */
  outputInPlace(name: Value, value: Value, dtype: Dtype, dims: readonly Dim[]): void {
    const renamed = (other: Value) => (other === value ? name : other);
    for (const node of this.nodes) {
      node.inputs = node.inputs.map(renamed);
      node.outputs = node.outputs.map(renamed);
    }
    this.outputs.push({ name, dtype, dims });
  }

  /** A node with one output. */
  op(op: string, inputs: Value[], attributes: Record<string, Attribute> = {}): Value {
    return this.#add('', op, inputs, attributes, 1)[0];
  }

  /** A node with several outputs. */
  ops(op: string, inputs: Value[], attributes: Record<string, Attribute>, outputs: number): Value[] {
    return this.#add('', op, inputs, attributes, outputs);
  }

  /** A node of ONNX Runtime's own operator set. */
  contrib(op: string, inputs: Value[], attributes: Record<string, Attribute> = {}): Value {
    return this.#add('com.microsoft', op, inputs, attributes, 1)[0];
  }

  /** A node of ONNX Runtime's own operator set; `wanted` lists the outputs to keep, by index. */
  contribs(
    op: string,
    inputs: Value[],
    attributes: Record<string, Attribute>,
    wanted: readonly number[],
  ): Value[] {
    const last = Math.max(...wanted) + 1;
    const outputs = this.#add('com.microsoft', op, inputs, attributes, last);
    this.nodes[this.nodes.length - 1].outputs = outputs.map((name, i) => (wanted.includes(i) ? name : ''));
    return wanted.map((i) => outputs[i]);
  }

  /** A second node like `node`, with other inputs. */
  copy(node: Node, inputs: Value[]): Node {
    this.#add(node.domain, node.op, inputs, node.attributes, node.outputs.length);
    return this.nodes[this.nodes.length - 1];
  }

  /** Removes the nodes that no output needs. */
  prune(): void {
    const needed = new Set(this.outputs.map(({ name }) => name));
    for (const node of this.nodes.toReversed()) {
      if (node.outputs.some((output) => needed.has(output)))
        for (const input of node.inputs) needed.add(input);
    }
    const kept = this.nodes.filter((node) => node.outputs.some((output) => needed.has(output)));
    this.nodes.splice(0, this.nodes.length, ...kept);
  }

  /** Rows `start … start+count−1` of a stored weight, in its stored type. */
  weightRows(location: WeightLocation, start: number, count: number): Value {
    const rowBytes = location.length / location.dims[0];
    const key = `${location.file}:${location.offset + start * rowBytes}:${count * rowBytes}`;
    return this.#once(key, () => ({
      dtype: WEIGHT_DTYPE[location.dtype],
      dims: [count, ...location.dims.slice(1)],
      file: location.file,
      offset: location.offset + start * rowBytes,
      length: count * rowBytes,
    }));
  }

  /** A whole stored weight, in its stored type. */
  weight(location: WeightLocation): Value {
    return this.weightRows(location, 0, location.dims[0]);
  }

  f32(values: readonly number[] | Float32Array, dims: readonly number[] = [values.length]): Value {
    return this.#constant('f32', dims, new Uint8Array(Float32Array.from(values).buffer));
  }

  u8(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.#constant('u8', dims, Uint8Array.from(values));
  }

  i8(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.#constant('i8', dims, new Uint8Array(Int8Array.from(values).buffer));
  }

  i64(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.#constant('i64', dims, new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer));
  }

  /** The values of a constant made by `i64`; undefined for every other value. */
  integers(value: Value): readonly number[] | undefined {
    const constant = this.initializers.find(({ name, dtype }) => name === value && dtype === 'i64');
    if (!constant || !('bytes' in constant)) return undefined;
    return Array.from(new BigInt64Array(Uint8Array.from(constant.bytes).buffer), Number);
  }

  #constant(dtype: Dtype, dims: readonly number[], bytes: Uint8Array): Value {
    const shared = bytes.length <= 64 ? `${dtype}[${dims}]${bytes}` : undefined;
    return this.#once(shared, () => ({ dtype, dims, bytes }));
  }

  /** Adds an initializer unless one with the same key is there. */
  #once(key: string | undefined, make: () => Omit<Initializer, 'name'>): Value {
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `c${this.initializers.length}`;
    this.initializers.push({ name, ...make() } as Initializer);
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  #add(
    domain: Node['domain'],
    op: string,
    inputs: Value[],
    attributes: Record<string, Attribute>,
    outputs: number,
  ): Value[] {
    const names = Array.from({ length: outputs }, () => `${op}_${this.#count++}`);
    this.nodes.push({ op, domain, inputs, outputs: names, attributes });
    return names;
  }
}
