import type { RewardTerm } from './reward-term.ts';

/** Share of the length limit over which the penalty grows. */
const RAMP = 0.25;

/** DAPO's soft punishment of long responses: 0 up to ¾ of the length limit, from there down to −1 at the limit. */
export const length: RewardTerm = ({ trajectory: { responseIds, settings } }) => {
  const ramp = RAMP * settings.maxTokens;
  return -Math.max(0, responseIds.length - (settings.maxTokens - ramp)) / ramp;
};
