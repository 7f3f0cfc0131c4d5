import type { Trajectory } from '../../server/protocol.ts';

/** One line on several completions together. Tokens per second count decoding; loading and prefill are apart. */
export function totals(trajectories: Trajectory[]): string {
  const sum = (value: (trajectory: Trajectory) => number) =>
    trajectories.reduce((total, trajectory) => total + value(trajectory), 0);
  const tokens = sum(({ responseIds }) => responseIds.length);
  const perSecond = tokens / (sum(({ ms }) => ms.decode) / 1000);
  const denoise = tokens / sum(({ forwards }) => forwards.denoise);
  const total = tokens / sum(({ forwards }) => forwards.total);
  return [
    `${trajectories.length} completions, ${tokens} tokens: ${perSecond.toFixed(0)} tokens/s`,
    `TPF (tokens per forward) ${denoise.toFixed(2)} of denoising forwards, ${total.toFixed(2)} of all model calls but prefill`,
  ].join('\n');
}
