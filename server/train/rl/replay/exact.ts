import type { PlannerUnmasking } from '../../../decode/unmasking/index.ts';
import type { DenoiserSpec } from '../../../models/spec.ts';
import type { Decision, Step } from '../../../protocol.ts';
import { revealedToken } from './recorded-tokens.ts';
import type { Recorded, Replayer, ReplayState, ScoredToken } from './replayer.ts';

/** One state a step: every revealed token in the context in which it was revealed (the papers' E1). */
export const exact: Replayer = {
  misfit(spec, { mode, policy = 'dynamic', steps, cache, refresh }, { likelihood, unmasking }) {
    if (cache && refresh !== 1)
      return 'responses decoded with a cache that is only about right cannot be repeated';
    if (unmasking && (mode !== 'threshold' || policy !== 'learned'))
      return 'no planner decides what the mode and policy of decoding reveal';
    if (likelihood !== 'transition') return undefined;
    if (mode !== 'threshold' || policy !== 'dynamic' || steps !== undefined)
      return 'transitions are known of plain threshold decoding only';
    if (spec.samplerHead)
      return 'tokens are drawn in a chain, so that positions do not stay masked independently';
    return spec.subBlockSize ? 'positions outside of a sub-block are not drawn at all' : undefined;
  },

  states(recorded, spec, { scoreAfterEnd, likelihood, unmasking }) {
    const { promptIds, responseIds, steps } = recorded;
    const states: ReplayState[] = [];
    const rounds = new Map<number, number>();
    for (const step of steps) {
      const decisions = unmasking && step.decision ? decided(recorded, step.decision, unmasking) : [];
      if (step.revealed.length === 0 && decisions.length === 0) continue;
      const start = promptIds.length + step.windowStart;
      // Without a grid no two steps belong together.
      const round = spec.cleanAttention === 'block' ? (rounds.get(start) ?? 0) : step.index;
      rounds.set(start, round + 1);
      const tokens = step.revealed.map((reveal) => ({
        ...revealedToken(recorded, reveal),
        recorded: reveal.logProb,
      }));
      const counted = withDecisions(tokens, decisions).filter(
        ({ position }) => scoreAfterEnd || position < promptIds.length + responseIds.length,
      );
      if (counted.length === 0) continue;
      const stayed = likelihood === 'transition' ? stayedMasked(recorded, spec, step) : [];
      const scored = [...counted, ...stayed].sort((a, b) => a.position - b.position);
      states.push({ ...shown(recorded, spec, step), scored, round });
    }
    return states;
  },
};

/** The window of a step, with all that is around it where rows see what follows them. */
function shown(
  { promptIds, suffixIds = [], steps, settings }: Recorded,
  { cleanAttention, blockSize }: DenoiserSpec,
  step: Step,
): Pick<ReplayState, 'start' | 'tokens'> {
  const { index, kind, windowStart, window } = step;
  if (cleanAttention !== 'full') {
    // A commit that reveals the next block's first token has no row for it.
    const tokens = kind === 'commit' ? window.slice(0, blockSize) : proposing(step, settings);
    return { start: promptIds.length + windowStart, tokens };
  }
  const canvas: (number | null)[] = Array(settings.maxTokens).fill(null);
  for (const { revealed } of steps.slice(0, index)) {
    for (const { position, id } of revealed) canvas[position] = id;
  }
  return { start: 0, tokens: [...promptIds, ...canvas, ...suffixIds] };
}

/**
 * The window that a step's tokens come from: behind a roll-back it is masked from the first token that fell on, or from the
 * one after its alternative.
 */
function proposing(
  { windowStart, window, revealed, rolledBack }: Step,
  settings: Recorded['settings'],
): (number | null)[] {
  if (rolledBack.length === 0) return window;
  const [next, ...others] = revealed;
  const alternative = others.some(({ source }) => source === 'clean') ? [next.id] : [];
  const standing = [...window.slice(0, Math.min(...rolledBack) - windowStart), ...alternative];
  const room = settings.maxTokens - windowStart - standing.length;
  return [...standing, ...Array<null>(Math.min(settings.window, room)).fill(null)];
}

/** A position that a planner decided about, and the log-probability of that decision. */
interface Decided {
  position: number;
  chosen: boolean;
  logProb: number;
}

/** What adds up to the log-probability of a decision, position by position. */
function decided(
  { promptIds }: Recorded,
  { eligible, chosen, probabilities = [] }: Decision,
  unmasking: PlannerUnmasking,
): Decided[] {
  const best = eligible[probabilities.indexOf(Math.max(...probabilities))];
  const settled = unmasking === 'bernoulli-forced' && chosen.length === 1 && chosen[0] === best;
  return eligible.map((position, i) => {
    const isChosen = chosen.includes(position);
    const probability = isChosen ? probabilities[i] : 1 - probabilities[i];
    const logProb = settled && position === best ? 0 : Math.log(probability);
    return { position: promptIds.length + position, chosen: isChosen, logProb };
  });
}

/** Tokens with the decisions to reveal them, and the positions that a planner left masked. */
function withDecisions(
  tokens: readonly (ScoredToken & { recorded: number })[],
  decisions: readonly Decided[],
): ScoredToken[] {
  const rest = new Map(decisions.map((decision) => [decision.position, decision]));
  const revealed = tokens.map((token) => {
    const decision = rest.get(token.position);
    rest.delete(token.position);
    if (!decision) return token;
    return { ...token, chosen: decision.chosen, recorded: token.recorded + decision.logProb };
  });
  const left = [...rest.values()].map(({ position, chosen, logProb }) => ({
    position,
    id: null,
    chosen,
    recorded: logProb,
  }));
  return [...revealed, ...left];
}

/** Positions that a step of threshold decoding left masked. */
function stayedMasked(
  { promptIds, settings }: Recorded,
  { cleanAttention }: DenoiserSpec,
  { windowStart, window, revealed }: Step,
): ScoredToken[] {
  // Of a causal model the first masked position is always revealed, never for want of a better one.
  const alone = revealed.length === 1 && revealed[0].confidence < settings.threshold;
  const forced = alone && cleanAttention !== 'causal';
  return [...window.keys()]
    .filter((i) => window[i] === null && windowStart + i < settings.maxTokens)
    .filter((i) => !revealed.some(({ position }) => position === windowStart + i))
    .map((i) => ({
      position: promptIds.length + windowStart + i,
      id: null,
      ...(!forced && { below: settings.threshold }),
    }));
}
