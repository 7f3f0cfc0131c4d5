import { hasExperts, layerNames, layerNetworks } from '../../kernels/names.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';

/** A weight that a spec asks for. */
export interface ExpectedWeight {
  dims: readonly number[];
  /** Projections and the embedding may be stored as I8 with scales; norms, biases and routers may not. */
  quantizable: boolean;
}

/** Every weight of a network of this shape by its Hugging Face name, in the order of use. */
export function expectedWeights(shape: DenoiserShape): Map<string, ExpectedWeight> {
  const weights = new Map<string, ExpectedWeight>();
  const vector = (name: string, size: number) => weights.set(name, { dims: [size], quantizable: false });
  const matrix = (name: string, out: number, into: number) =>
    weights.set(name, { dims: [out, into], quantizable: true });
  const { experts } = shape;
  const queries = shape.heads * shape.headDim;
  const keys = shape.kvHeads * shape.headDim;

  matrix('model.embed_tokens.weight', shape.vocabSize, shape.hiddenSize);
  for (let layer = 0; layer < shape.layers; layer++) {
    const at = `model.layers.${layer}`;
    vector(`${at}.input_layernorm.weight`, shape.hiddenSize);
    for (const [name, size] of [['q', queries] as const, ['k', keys] as const, ['v', keys] as const]) {
      matrix(`${at}.self_attn.${name}_proj.weight`, size, shape.hiddenSize);
      if (shape.qkvBias) vector(`${at}.self_attn.${name}_proj.bias`, size);
    }
    if (shape.qkNorm) {
      vector(`${at}.self_attn.q_norm.weight`, shape.headDim);
      vector(`${at}.self_attn.k_norm.weight`, shape.headDim);
    }
    matrix(`${at}.self_attn.o_proj.weight`, shape.hiddenSize, queries);
    if (shape.outputBias) vector(`${at}.self_attn.o_proj.bias`, shape.hiddenSize);
    vector(`${at}.post_attention_layernorm.weight`, shape.hiddenSize);
    if (experts && hasExperts(shape, layer)) {
      const { router, choiceBias } = layerNames(layer);
      weights.set(router, { dims: [experts.count, shape.hiddenSize], quantizable: false });
      if (experts.choiceBias) vector(choiceBias, experts.count);
    }
    for (const [i, { gate, up, down }] of layerNetworks(shape, layer).entries()) {
      const width = networkWidth(shape, layer, i);
      matrix(`${gate}.weight`, width, shape.hiddenSize);
      matrix(`${up}.weight`, width, shape.hiddenSize);
      matrix(`${down}.weight`, shape.hiddenSize, width);
    }
  }
  vector('model.norm.weight', shape.hiddenSize);
  if (!shape.tiedHead) matrix('lm_head.weight', shape.vocabSize, shape.hiddenSize);
  return weights;
}

/** Width of network `index` of a layer, in the order of layerNetworks. */
function networkWidth({ experts, intermediateSize }: DenoiserShape, layer: number, index: number): number {
  if (!experts || !hasExperts({ experts }, layer)) return intermediateSize;
  return index < experts.count ? experts.intermediateSize : experts.sharedSize;
}
