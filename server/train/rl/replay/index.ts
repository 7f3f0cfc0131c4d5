import { autoregressive } from './autoregressive.ts';
import { blockOnestep } from './block-onestep.ts';
import { exact } from './exact.ts';
import { fullOnestep } from './full-onestep.ts';
import { coupled, random } from './random-masks.ts';
import type { Replayer } from './replayer.ts';
import { shrink } from './shrink.ts';
import { storedInputs } from './stored-inputs.ts';
import { verified } from './verified.ts';

/** Every estimator of the log-probability of a response, by the name that a recipe uses. */
export const REPLAYERS = {
  exact,
  autoregressive,
  verified,
  shrink,
  'block-onestep': blockOnestep,
  'full-onestep': fullOnestep,
  random,
  coupled,
  'stored-inputs': storedInputs,
} as const satisfies Record<string, Replayer>;

export type ReplayerName = keyof typeof REPLAYERS;
