import { UserError } from '../errors.ts';
import type { ForwardResult } from './denoiser.ts';
import type { Random } from './random.ts';

/** A distribution over the best tokens of a row, by falling probability. */
export interface Distribution {
  ids: readonly number[];
  /** Natural logarithms. Greedy: of the whole vocabulary's softmax. Sampled: normalised over `ids`. */
  logProbs: readonly number[];
  /** Entropy in nats where `ids` are not all that counts and the forward was asked for it. */
  entropy?: number;
  /** Normed state of the row, [hiddenSize], where the forward was asked for it. */
  hidden?: Float32Array;
}

/** What a row's distribution depends on besides its logits. Temperature 0 is greedy. */
export interface Sampling {
  temperature: number;
  topK: number;
}

/** The distribution of selected row `row` of a forward; throws UserError when its logits are not numbers. */
export function rowDistribution(result: ForwardResult, row: number, sampling: Sampling): Distribution {
  const width = result.topIds.length / result.logSumExp.length;
  const ids = [...result.topIds.subarray(row * width, (row + 1) * width)];
  const logits = [...result.topLogits.subarray(row * width, (row + 1) * width)];
  if (!Number.isFinite(logits[0]) || !Number.isFinite(result.logSumExp[row])) {
    throw new UserError(
      'The model computed logits that are not numbers: try another device or check its weights.',
    );
  }
  if (sampling.temperature === 0) {
    const logProbs = logits.map((logit) => logit - result.logSumExp[row]);
    return { ids, logProbs, entropy: result.entropy?.[row], ...rowState(result, row) };
  }
  const scores = logits.slice(0, sampling.topK).map((logit) => logit / sampling.temperature);
  return { ids: ids.slice(0, sampling.topK), logProbs: logSoftmax(scores), ...rowState(result, row) };
}

/** The state of selected row `row`, where the forward was asked for it. */
export function rowState({ hidden, logSumExp }: ForwardResult, row: number): Pick<Distribution, 'hidden'> {
  if (!hidden) return {};
  const size = hidden.length / logSumExp.length;
  return { hidden: hidden.subarray(row * size, (row + 1) * size) };
}

/** The distribution over candidates whose scores are softmax logits, sorted by falling probability. */
export function scoreDistribution(ids: readonly number[], scores: readonly number[]): Distribution {
  const logProbs = logSoftmax(scores);
  const order = ids.map((_, i) => i).sort((a, b) => logProbs[b] - logProbs[a]);
  return { ids: order.map((i) => ids[i]), logProbs: order.map((i) => logProbs[i]) };
}

/** Log-probability of a token, −∞ where the distribution does not hold it. */
export function logProbOf(distribution: Distribution, id: number): number {
  const at = distribution.ids.indexOf(id);
  return at < 0 ? Number.NEGATIVE_INFINITY : distribution.logProbs[at];
}

export function probabilityOf(distribution: Distribution, id: number): number {
  return Math.exp(logProbOf(distribution, id));
}

/** Entropy in nats. */
export function entropyOf({ logProbs, entropy }: Distribution): number {
  return entropy ?? -logProbs.reduce((sum, logProb) => sum + Math.exp(logProb) * logProb, 0);
}

/** The best token when greedy, otherwise a sample. */
export function pick(distribution: Distribution, temperature: number, random: Random): number {
  if (temperature === 0) return distribution.ids[0];
  return sample(distribution.ids, distribution.logProbs.map(Math.exp), random);
}

/** A sample in proportion to `weights`, which need not add up to 1. */
export function sample(ids: readonly number[], weights: readonly number[], random: Random): number {
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < ids.length; i++) {
    left -= weights[i];
    if (left < 0) return ids[i];
  }
  // Rounding can leave a trace of the last token's share.
  return ids[weights.findLastIndex((weight) => weight > 0)];
}

/** The part of a distribution whose probability is at least `threshold`, normalised again. */
export function atLeast(distribution: Distribution, threshold: number): Distribution {
  const kept = distribution.ids
    .map((_, i) => i)
    .filter((i) => Math.exp(distribution.logProbs[i]) >= threshold);
  return {
    ids: kept.map((i) => distribution.ids[i]),
    logProbs: logSoftmax(kept.map((i) => distribution.logProbs[i])),
  };
}

function logSoftmax(scores: readonly number[]): number[] {
  const best = Math.max(...scores);
  const logTotal = best + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - best), 0));
  return scores.map((score) => score - logTotal);
}
