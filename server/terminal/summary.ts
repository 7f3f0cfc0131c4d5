import type { Trajectory } from '../protocol.ts';

/** One line on how a completion was made: tokens, forwards, both TPF figures, speed. */
export function summary(trajectory: Trajectory): string {
  const { responseIds, forwards, tpf, ms, cachedTokens, promptIds, rollbacks } = trajectory;
  const parts = [
    `${responseIds.length} tokens in ${forwards.total} forwards (${forwards.denoise} denoising, ${rollbacks} rolled back)`,
    `TPF ${tpf.denoise.toFixed(2)} denoising, ${tpf.total.toFixed(2)} all calls`,
    `${tokensPerSecond(trajectory).toFixed(0)} tokens/s`,
    `prefill of ${promptIds.length - cachedTokens} tokens ${ms.prefill.toFixed(0)} ms, decoding ${ms.decode.toFixed(0)} ms`,
  ];
  return parts.join(' · ');
}

/** Response tokens per second of decoding, prefill not counted. */
export function tokensPerSecond({ responseIds, ms }: Trajectory): number {
  return ms.decode > 0 ? (responseIds.length / ms.decode) * 1000 : 0;
}
