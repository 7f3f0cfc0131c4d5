import type { DenoiserSpec } from './spec.ts';

/** The spec of a model with the token that ends an answer of its chat layout among those that end a response. */
export function withChatEnd(
  spec: DenoiserSpec,
  tokenizer: { specialToken(name: string): number | undefined },
): DenoiserSpec {
  const end = spec.chat && tokenizer.specialToken(spec.chat.end);
  return end === undefined ? spec : { ...spec, stopTokenIds: [...new Set([...spec.stopTokenIds, end])] };
}
