import { correct } from './correct.ts';
import { correctSpeed } from './correct-speed.ts';
import { cosine } from './cosine.ts';
import { format } from './format.ts';
import { length } from './length.ts';
import { passRate } from './pass-rate.ts';
import { plusMinus } from './plus-minus.ts';
import { repetition } from './repetition.ts';
import type { RewardTerm } from './reward-term.ts';
import { speed, speedPenalty } from './speed.ts';
import { steps } from './steps.ts';
import { teacher } from './teacher.ts';
import { tpf } from './tpf.ts';

/** Every reward term, by the name that a recipe uses. */
export const REWARDS = {
  correct,
  'plus-minus': plusMinus,
  'pass-rate': passRate,
  tpf,
  steps,
  cosine,
  speed,
  'speed-penalty': speedPenalty,
  'correct-speed': correctSpeed,
  length,
  format,
  repetition,
  teacher,
} as const satisfies Record<string, RewardTerm>;

export type RewardName = keyof typeof REWARDS;
