import type { Trajectory } from '../../../protocol.ts';
import { cosineCurve } from './cosine-curve.ts';
import type { RewardTerm } from './reward-term.ts';

/** DiRL's shape over the tokens per step, from 1 to the window: ½ → 1 for successes, 0 → −½ for failures. */
export const speed: RewardTerm = ({ correct, trajectory }) =>
  correct ? overSpeed(trajectory, 0.5, 1) : overSpeed(trajectory, 0, -0.5);

/** The same for failures; successes have ½ however fast they were. */
export const speedPenalty: RewardTerm = ({ correct, trajectory }) =>
  correct ? 0.5 : overSpeed(trajectory, 0, -0.5);

function overSpeed({ tpf, settings }: Trajectory, slow: number, fast: number): number {
  return cosineCurve(tpf.denoise - 1, settings.window - 1, slow, fast);
}
