import type { Trajectory } from '../../../protocol.ts';
import type { RewardTerm } from './reward-term.ts';

/**
 * Mean log-probability of the response's tokens under a teacher, in nats (dUltra's distillation). With `reverseKl` that of
 * the student, as it sampled them, is taken off: the mean over responses estimates −KL(student ‖ teacher) for each token.
 */
export const teacher: RewardTerm = ({ teacherLogProb, trajectory }, { reverseKl }) => {
  if (teacherLogProb === undefined) throw new Error('The response was not shown to a teacher.');
  return teacherLogProb - (reverseKl ? ownLogProb(trajectory) : 0);
};

/** Of the tokens of the response when they were revealed last; 0 for no tokens. */
function ownLogProb({ steps, responseIds }: Trajectory): number {
  const last = new Map(
    steps.flatMap(({ revealed }) => revealed.map(({ position, logProb }) => [position, logProb])),
  );
  const sum = responseIds.reduce((total, _, position) => total + last.get(position)!, 0);
  return sum / Math.max(1, responseIds.length);
}
