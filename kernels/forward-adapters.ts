import type { Graph, Value } from './graph.ts';
import type { Matrix } from './linear/linear.ts';
import { type AdapterPlan, adapterNames } from './training/parameters.ts';
import type { WeightLocation, WeightTable } from './weights.ts';

/** A product of the forward graph with the adapters of the modules that it is put together from. */
export interface AdaptedProduct {
  /** Inputs of the graph: A [ranks, in] and B [out, ranks], where ranks is rank · number of modules. */
  a: string;
  b: string;
  modules: readonly string[];
  ranks: number;
  out: number;
  in: number;
  /** Rows of the product that are rows `start` … `start + count − 1` of a module, in order; others have no adapter. */
  ranges: readonly { module: number; row: number; start: number; count: number }[];
}

/**
 * Low-rank adapters of a forward graph whose matrices change while its session lives, so they are inputs. The graph
 * multiplies several modules at once; so do A, the modules' one above the other, and B, block by block.
 */
export class ForwardAdapters {
  readonly products: AdaptedProduct[] = [];
  readonly #plan: AdapterPlan;
  readonly #moduleOf = new Map<WeightLocation, string>();

  constructor(weights: WeightTable, plan: AdapterPlan) {
    this.#plan = plan;
    for (const module of plan.modules) this.#moduleOf.set(weights.get(`${module}.weight`)!, module);
  }

  /** product + x·Aᵀ·Bᵀ for the product x·Wᵀ by `matrix`; unchanged where none of its modules has an adapter. */
  add(graph: Graph, x: Value, product: Value, matrix: Matrix): Value {
    const modules = [...new Set(matrix.map(({ weight }) => this.#moduleOf.get(weight)))].filter(
      (module) => module !== undefined,
    );
    if (modules.length === 0) return product;
    const ranges: AdaptedProduct['ranges'][number][] = [];
    let out = 0;
    for (const { weight, start, count } of matrix) {
      const module = modules.indexOf(this.#moduleOf.get(weight) ?? '');
      if (module >= 0) ranges.push({ module, row: out, start, count });
      out += count;
    }
    const into = matrix[0].weight.dims[1];
    const ranks = this.#plan.rank * modules.length;
    const [a, b] = [`adapter_a_${this.products.length}`, `adapter_b_${this.products.length}`];
    this.products.push({ a, b, modules, ranks, out, in: into, ranges });
    graph.input(a, 'f32', [ranks, into]);
    graph.input(b, 'f32', [out, ranks]);
    const low = graph.op('Gemm', [x, a], { transB: 1 });
    return graph.op('Gemm', [low, b, product], { transB: 1 });
  }

  /**
   * Puts the inputs together from the matrices of `adapterNames`: fills `a` [ranks, in] and `b` [out, ranks], whose
   * other numbers stay 0. B is multiplied by alpha / rank.
   */
  fill(
    { modules, ranks, in: into, ranges }: AdaptedProduct,
    values: ReadonlyMap<string, Float32Array>,
    a: Float32Array,
    b: Float32Array,
  ): void {
    const { rank, alpha } = this.#plan;
    const parts = modules.map((module) => {
      const names = adapterNames(module);
      return { a: values.get(names.a)!, b: values.get(names.b)! };
    });
    for (const [i, part] of parts.entries()) a.set(part.a, i * rank * into);
    for (const { module, row, start, count } of ranges) {
      for (let r = 0; r < count; r++) {
        const from = (start + r) * rank;
        const to = (row + r) * ranks + module * rank;
        for (let k = 0; k < rank; k++) b[to + k] = (alpha / rank) * parts[module].b[from + k];
      }
    }
  }
}
