import type { DecodeSettings } from '../../protocol.ts';
import type { AdvantageSettings } from './advantage.ts';
import type { FilterSettings } from './group-filter.ts';
import type { ObjectiveSettings } from './objective.ts';
import type { ReplaySettings } from './replay/replayer.ts';
import type { RewardSettings } from './rewards/reward-term.ts';

/**
 * A method of reinforcement learning as data: the same loop runs them all. Presets are recipes; what a run needs beside
 * (model, tasks, steps, parameters under training) is not part of it.
 */
export interface Recipe {
  /** Preset of supervised fine-tuning that the method runs first; the run says so and does not do it by itself. */
  after?: string;
  promptsPerStep: number;
  groupSize: number;
  decode: Pick<DecodeSettings, 'mode' | 'threshold' | 'maxTokens' | 'temperature' | 'topK'>;
  replay: ReplaySettings;
  rewards: readonly RewardSettings[];
  advantage: AdvantageSettings;
  filter: FilterSettings;
  objective: ObjectiveSettings;
  optimizer: {
    learningRate: number;
    schedule: 'constant' | 'linear' | 'cosine';
    warmupSteps: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    weightDecay: number;
    clip: number;
  };
}
