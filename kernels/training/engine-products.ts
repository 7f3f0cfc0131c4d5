import type { Graph, Value } from '../graph.ts';
import { linear, type Matrix, type Precision, type Prepared, whole } from '../linear/linear.ts';
import { layerNames } from '../names.ts';
import type { DenoiserShape } from '../shape.ts';
import type { WeightTable } from '../weights.ts';
import type { TrainingPlan, TrainingWeights } from './parameters.ts';

/** How the engine prepares what a matrix multiplies. */
type Preparation = 'prepare' | 'prepareNormed' | 'prepareWide';

interface EngineMatrix {
  matrix: Matrix;
  preparation: Preparation;
}

/** The frozen matrices of the layers, by their values in single precision. */
export function frozenMatrices(
  shape: DenoiserShape,
  stored: WeightTable,
  plan: TrainingPlan,
  weights: TrainingWeights,
): Map<Value, EngineMatrix> {
  const matrices = new Map<Value, EngineMatrix>();
  for (let layer = 0; layer < shape.layers; layer++) {
    const { query, key, value, gate, up, output, down } = layerNames(layer);
    const modules: Record<Preparation, readonly string[]> = {
      prepareNormed: [query, key, value, gate, up],
      prepare: [output],
      prepareWide: [down],
    };
    for (const [preparation, names] of Object.entries(modules) as [Preparation, readonly string[]][]) {
      for (const name of names) {
        if (plan.tensors.has(`${name}.weight`)) continue;
        matrices.set(weights.tensor(`${name}.weight`), { matrix: whole(stored, name), preparation });
      }
    }
  }
  return matrices;
}

/**
 * Replaces every forward product with one of the matrices, x·Wᵀ + b, by the engine's. To be called when the gradients
 * are there: these are products of their own, so that they go through as if the forward ones were exact.
 */
export function multiplyAsEngine(
  graph: Graph,
  precision: Precision,
  matrices: ReadonlyMap<Value, EngineMatrix>,
): void {
  const prepared = new Map<string, Prepared>();
  for (const node of graph.nodes.splice(0)) {
    const [x, weight] = node.inputs;
    const found = node.op === 'Gemm' && node.attributes.transB === 1 ? matrices.get(weight) : undefined;
    if (!found) {
      graph.nodes.push(node);
      continue;
    }
    const { matrix, preparation } = found;
    const key = `${preparation} ${x}`;
    if (!prepared.has(key)) prepared.set(key, precision[preparation](graph, x));
    const product = linear(graph, precision, prepared.get(key)!, matrix);
    graph.nodes.push({
      op: 'Identity',
      domain: '',
      inputs: [product],
      outputs: node.outputs,
      attributes: {},
    });
  }
}
