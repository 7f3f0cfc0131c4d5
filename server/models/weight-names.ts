import type { DenoiserShape } from '../../kernels/shape.ts';

/** A weight that a spec asks for. */
export interface ExpectedWeight {
  dims: readonly number[];
  /** Two-dimensional weights may be stored as I8 with scales; norms and biases may not. */
  quantizable: boolean;
}

/** Every weight of a network of this shape by its Hugging Face name, in the order of use. */
export function expectedWeights(shape: DenoiserShape): Map<string, ExpectedWeight> {
  const weights = new Map<string, ExpectedWeight>();
  const vector = (name: string, size: number) => weights.set(name, { dims: [size], quantizable: false });
  const matrix = (name: string, out: number, into: number) =>
    weights.set(name, { dims: [out, into], quantizable: true });
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
    matrix(`${at}.mlp.gate_proj.weight`, shape.intermediateSize, shape.hiddenSize);
    matrix(`${at}.mlp.up_proj.weight`, shape.intermediateSize, shape.hiddenSize);
    matrix(`${at}.mlp.down_proj.weight`, shape.hiddenSize, shape.intermediateSize);
  }
  vector('model.norm.weight', shape.hiddenSize);
  if (!shape.tiedHead) matrix('lm_head.weight', shape.vocabSize, shape.hiddenSize);
  return weights;
}

/** Tensors that some checkpoints carry and no forward reads: computed frequencies, and the head of a tied model. */
export function isIgnoredWeight(name: string, shape: DenoiserShape): boolean {
  return name.endsWith('.rotary_emb.inv_freq') || (shape.tiedHead && name.startsWith('lm_head.weight'));
}
