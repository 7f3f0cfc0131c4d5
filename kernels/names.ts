import type { DenoiserShape } from './shape.ts';

/** Names of the stored tensors, as Hugging Face's Llama, Qwen2 and Qwen3 checkpoints have them. */
export const NAMES = {
  embedding: 'model.embed_tokens',
  norm: 'model.norm.weight',
  head: 'lm_head',
} as const;

/** The same for one layer. Matrices lack their `.weight`, because a scale or a bias may lie beside it. */
export function layerNames(layer: number): LayerNames {
  return namesWithin(`model.layers.${layer}`);
}

export type LayerNames = ReturnType<typeof namesWithin>;

/** The tensors of a layer that are stored under a prefix. */
export function namesWithin(prefix: string) {
  return {
    inputNorm: `${prefix}.input_layernorm.weight`,
    query: `${prefix}.self_attn.q_proj`,
    key: `${prefix}.self_attn.k_proj`,
    value: `${prefix}.self_attn.v_proj`,
    output: `${prefix}.self_attn.o_proj`,
    queryNorm: `${prefix}.self_attn.q_norm.weight`,
    keyNorm: `${prefix}.self_attn.k_norm.weight`,
    feedForwardNorm: `${prefix}.post_attention_layernorm.weight`,
    /** Only with experts. */
    router: `${prefix}.mlp.gate.weight`,
    choiceBias: `${prefix}.mlp.gate.expert_bias`,
    ...feedForwardNames(`${prefix}.mlp`),
  };
}

/** The matrix that gives logits. */
export function headName({ tiedHead }: Pick<DenoiserShape, 'tiedHead'>): string {
  return tiedHead ? NAMES.embedding : NAMES.head;
}

/** Whether a layer has experts in place of one feed-forward network. */
export function hasExperts({ experts }: Pick<DenoiserShape, 'experts'>, layer: number): boolean {
  return experts !== undefined && layer >= experts.firstLayer;
}

/** Matrices of the feed-forward networks of a layer: the only one, or the experts and the one that all rows share. */
export function layerNetworks(
  { experts }: Pick<DenoiserShape, 'experts'>,
  layer: number,
): FeedForwardNames[] {
  const prefix = `model.layers.${layer}.mlp`;
  if (!experts || !hasExperts({ experts }, layer)) return [feedForwardNames(prefix)];
  const routed = Array.from({ length: experts.count }, (_, i) => feedForwardNames(`${prefix}.experts.${i}`));
  return experts.sharedSize > 0 ? [...routed, feedForwardNames(`${prefix}.shared_experts`)] : routed;
}

export type FeedForwardNames = Record<'gate' | 'up' | 'down', string>;

function feedForwardNames(prefix: string): FeedForwardNames {
  return { gate: `${prefix}.gate_proj`, up: `${prefix}.up_proj`, down: `${prefix}.down_proj` };
}
