import type { KlEstimator, PolicyLossSettings } from '../../../kernels/training/policy-loss.ts';
import type { PolicyLossTerms } from './policy-loss.ts';
import type { ReplayedResponse } from './policy-rows.ts';
import { type Place, type Reduction, reductionFactors } from './reductions.ts';
import type { ReplayState } from './replay/replayer.ts';

/**
 * What one ratio of probabilities spans: a token; all tokens of a state; a response. `sequence-mean` takes the geometric
 * mean over the response's tokens (GSPO), since products over many tokens explode.
 */
export type RatioUnit = 'token' | 'step' | 'sequence' | 'sequence-mean';

/** What one step minimises over the responses that were kept; the policy term counts with weight 1. */
export interface ObjectiveSettings {
  ratio: RatioUnit;
  clipLow: number;
  clipHigh: number;
  ratioCap?: number;
  reduction: Reduction;
  /** What the reduction `constant` divides by, besides the number of responses. */
  constantLength?: number;
  /** Divergence from the policy before the run, or from the one that sampled. */
  kl?: { estimator: KlEstimator; to: 'reference' | 'old'; weight: number; reduction: Reduction };
  /** −log p of the tokens of successes. */
  nll?: { weight: number; reduction: Reduction };
  /** Optimizer steps on the same responses. */
  innerIterations: number;
}

/** A response with what the objective makes of it. */
export interface JudgedResponse extends ReplayedResponse {
  advantage: number;
  correct: boolean;
}

/** Whether log-probabilities of the sampling policy are needed; otherwise the present ones are the same. */
export function needsOld({ innerIterations, kl }: ObjectiveSettings): boolean {
  return innerIterations > 1 || kl?.to === 'old';
}

export function lossSettings({ clipLow, clipHigh, ratioCap, kl }: ObjectiveSettings): PolicyLossSettings {
  return {
    clipLow,
    clipHigh,
    ...(ratioCap !== undefined && { ratioCap }),
    ...(kl && { kl: kl.estimator }),
  };
}

/** Number of the unit that a token belongs to, within its response. */
const UNITS: Readonly<Record<RatioUnit, (token: number, place: Place) => number>> = {
  token: (token) => token,
  step: (_token, { state }) => state,
  sequence: () => 0,
  'sequence-mean': () => 0,
};

/**
 * Terms of the loss for each response, its tokens in the order of states and positions. Denominators are those of all
 * responses together, which are the whole optimizer step, so that sums over parts of them do not depend on the parts.
 */
export function objectiveTerms(
  responses: readonly JudgedResponse[],
  { ratio, reduction, constantLength = 1, kl, nll }: ObjectiveSettings,
): PolicyLossTerms[] {
  const tokens = responses.map(({ states }, response) => tokenPlaces(states, response));
  const units = tokens.map((places) => places.map((place, token) => UNITS[ratio](token, place)));
  const unitPlaces = tokens.map((places, i) => places.filter((_, t) => units[i].indexOf(units[i][t]) === t));
  const unitFactors = stepFactors(unitPlaces, reduction, constantLength);
  // Positions that stayed masked are part of what was decided, but no tokens.
  const revealed = (all: boolean) =>
    responses.map(({ states, correct }, i) =>
      states
        .flatMap(({ scored }) => scored)
        .map(({ id }, token) => (id !== null && (all || correct) ? tokens[i][token] : undefined)),
    );
  const klFactors = kl && stepFactors(revealed(true), kl.reduction, constantLength);
  const nllFactors = nll && stepFactors(revealed(false), nll.reduction, constantLength);
  return responses.map(({ advantage }, i) => ({
    unit: units[i],
    share: units[i].map(() => (ratio === 'sequence-mean' ? 1 / units[i].length : 1)),
    advantage: unitPlaces[i].map(() => advantage),
    unitWeight: unitFactors[i],
    klWeight: tokens[i].map((_, token) => (kl ? kl.weight * klFactors![i][token] : 0)),
    nllWeight: tokens[i].map((_, token) => (nll ? nll.weight * nllFactors![i][token] : 0)),
  }));
}

function tokenPlaces(states: readonly ReplayState[], response: number): Place[] {
  return states.flatMap(({ scored, round }, state) => scored.map(() => ({ response, state, round })));
}

/** Factors of all terms of the step, response by response; 0 for terms without a place. */
function stepFactors(
  places: readonly (Place | undefined)[][],
  reduction: Reduction,
  constantLength: number,
): number[][] {
  const counted = places.flat().filter((place) => place !== undefined);
  const factors = reductionFactors(counted, reduction, constantLength).values();
  return places.map((some) => some.map((place) => (place ? factors.next().value! : 0)));
}
