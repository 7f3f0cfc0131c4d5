/** How the learning rate falls after the warm-up. */
export type Schedule = 'constant' | 'linear' | 'cosine';

/** Share of the peak that is left after the given share of the steps behind the warm-up. */
const DECAYS: Readonly<Record<Schedule, (progress: number) => number>> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
};

export interface ScheduleSettings {
  schedule: Schedule;
  /** The peak. */
  learningRate: number;
  /** Steps over which the rate rises in equal parts; the last of them has the peak. */
  warmupSteps: number;
  /** All steps of the run. */
  steps: number;
}

/** Learning rate of step 0, 1, …, steps − 1. A falling rate would reach zero with the step after the last. */
export function learningRateAt(
  step: number,
  { schedule, learningRate, warmupSteps, steps }: ScheduleSettings,
): number {
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  return learningRate * DECAYS[schedule](progress);
}
