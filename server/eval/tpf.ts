import type { Forwards, Tpf } from '../protocol.ts';

/** What a response took: its tokens, the end token included, and its forwards. */
export interface Effort {
  tokens: number;
  forwards: Forwards;
}

/** Σ tokens / Σ forwards: long responses count for more. NaN without responses. */
export function ratioOfSums(responses: readonly Effort[]): Tpf {
  const sum = (of: (response: Effort) => number) => responses.reduce((total, one) => total + of(one), 0);
  const tokens = sum((one) => one.tokens);
  return {
    denoise: tokens / sum((one) => one.forwards.denoise),
    total: tokens / sum((one) => one.forwards.total),
  };
}

/** Mean of tokens / forwards: every response counts once. NaN without responses. */
export function meanOfRatios(responses: readonly Effort[]): Tpf {
  const mean = (kind: keyof Tpf) =>
    responses.reduce((total, one) => total + one.tokens / one.forwards[kind], 0) / responses.length;
  return { denoise: mean('denoise'), total: mean('total') };
}
