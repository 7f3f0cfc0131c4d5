import type { Random } from '../../../decode/random.ts';
import type { PlannerUnmasking } from '../../../decode/unmasking/index.ts';
import type { DenoiserSpec } from '../../../models/spec.ts';
import type { DecodeSettings, Trajectory } from '../../../protocol.ts';
import type { ReplayerName } from './index.ts';

/** A decision whose log-probability counts: mostly a token that was revealed. */
export interface ScoredToken {
  /** Counts from the first prompt token. */
  position: number;
  /**
   * null: the position stayed masked, because a planner left it so, or because the token drawn there had a probability
   * less than `below`, or, without that, than the only token that its state revealed.
   */
  id: number | null;
  below?: number;
  /** A planner decided about the position: whether it chose to reveal it. */
  chosen?: boolean;
  /** The token before it that the sampler head is given; missing where its row is not chained. */
  previous?: number;
  /** The tokens that it was chosen among; missing where that is unknown. */
  candidates?: readonly number[];
  /** Its log-probability as the engine recorded it, in this very context; missing where it was decided in another. */
  recorded?: number;
}

/**
 * What the denoiser saw in one step: clean context up to `start`, then these tokens. The row that predicts position p is
 * the one at p − logitShift: a row of the state, or a clean row where that lies before the first masked position.
 */
export interface ReplayState {
  /** Position of the first of `tokens`, counted from the first prompt token. */
  start: number;
  /** Consecutive tokens; null is masked. */
  tokens: readonly (number | null)[];
  /** Ascending by position. */
  scored: readonly ScoredToken[];
  /** Which state of its block it is, from 0 on: DiPO's round. For models without a grid every step is a round. */
  round: number;
}

/** What a replayer has to know of how responses are decoded. */
export type Decoding = Pick<DecodeSettings, 'mode' | 'policy' | 'steps' | 'cache' | 'refresh'>;

/** What a replayer takes of a trajectory. */
export type Recorded = Pick<Trajectory, 'promptIds' | 'suffixIds' | 'responseIds' | 'steps' | 'settings'>;

export interface ReplaySettings {
  replayer: ReplayerName;
  /**
   * `behaviour`: log-probabilities at the temperature and among the tokens that were sampled from. `model`: those of the
   * model's plain softmax, which differ from what was sampled from unless the temperature is 1. `transition`: as
   * `behaviour`, and positions that stayed masked count too, which makes the sum the probability of all that threshold
   * decoding did; among as many best tokens as were sampled from, without a sampler head.
   */
  likelihood: 'behaviour' | 'model' | 'transition';
  /** `shrink`: steps of a block that are merged into one. */
  shrink: number;
  /** `full-onestep`: probability that a prompt token is masked. */
  promptMask: number;
  /**
   * The decisions of a planner count too, in `exact` replays, so that a step's sum is the log-probability of revealing just
   * these tokens. `bernoulli-forced` is how they are made, the best position being revealed where none is drawn;
   * `bernoulli-released` scores that as if it had been drawn (dUltra's code).
   */
  unmasking?: PlannerUnmasking;
  /** Whether tokens count that were revealed behind the end of the response. They are shown as in decoding either way. */
  scoreAfterEnd: boolean;
}

/**
 * An estimator of the log-probability of a response: the sum over the scored tokens of all states. One a file; index.ts
 * holds the table.
 */
export interface Replayer {
  /** It draws masks, which have to be others for every update. */
  draws?: true;
  /** What is wrong with using it for responses decoded like this; undefined when nothing is. */
  misfit(spec: DenoiserSpec, decoding: Decoding, settings: ReplaySettings): string | undefined;
  /** `random` is drawn from only by replayers that draw masks. */
  states(
    recorded: Recorded,
    spec: DenoiserSpec,
    settings: ReplaySettings,
    random: Random,
  ): readonly ReplayState[];
}
