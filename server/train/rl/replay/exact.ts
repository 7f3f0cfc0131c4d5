import type { DenoiserSpec } from '../../../models/spec.ts';
import type { Step } from '../../../protocol.ts';
import { revealedToken } from './recorded-tokens.ts';
import type { Recorded, Replayer, ReplayState, ScoredToken } from './replayer.ts';

/** One state a step: every revealed token in the context in which it was revealed (the papers' E1). */
export const exact: Replayer = {
  misfit(spec, { mode, policy = 'dynamic', steps, cache, refresh }, { likelihood }) {
    if (cache && refresh !== 1)
      return 'responses decoded with a cache that is only about right cannot be repeated';
    if (likelihood !== 'transition') return undefined;
    if (mode !== 'threshold' || policy !== 'dynamic' || steps !== undefined)
      return 'transitions are known of plain threshold decoding only';
    if (spec.samplerHead)
      return 'tokens are drawn in a chain, so that positions do not stay masked independently';
    return spec.subBlockSize ? 'positions outside of a sub-block are not drawn at all' : undefined;
  },

  states(recorded, spec, { scoreAfterEnd, likelihood }) {
    const { promptIds, responseIds, steps } = recorded;
    const states: ReplayState[] = [];
    const rounds = new Map<number, number>();
    for (const step of steps) {
      if (step.revealed.length === 0) continue;
      const start = promptIds.length + step.windowStart;
      // Without a grid no two steps belong together.
      const round = spec.cleanAttention === 'block' ? (rounds.get(start) ?? 0) : step.index;
      rounds.set(start, round + 1);
      const revealed = step.revealed.filter(({ position }) => scoreAfterEnd || position < responseIds.length);
      if (revealed.length === 0) continue;
      states.push({
        ...shown(recorded, spec, step),
        scored: [
          ...revealed.map((reveal) => ({ ...revealedToken(recorded, reveal), recorded: reveal.logProb })),
          ...(likelihood === 'transition' ? stayedMasked(recorded, spec, step) : []),
        ].sort((a, b) => a.position - b.position),
        round,
      });
    }
    return states;
  },
};

/** The window of a step, with all that is around it where rows see what follows them. */
function shown(
  { promptIds, suffixIds = [], steps, settings }: Recorded,
  { cleanAttention, blockSize }: DenoiserSpec,
  { index, kind, windowStart, window }: Step,
): Pick<ReplayState, 'start' | 'tokens'> {
  if (cleanAttention !== 'full') {
    // A commit that reveals the next block's first token has no row for it.
    const tokens = kind === 'commit' ? window.slice(0, blockSize) : window;
    return { start: promptIds.length + windowStart, tokens };
  }
  const canvas: (number | null)[] = Array(settings.maxTokens).fill(null);
  for (const { revealed } of steps.slice(0, index)) {
    for (const { position, id } of revealed) canvas[position] = id;
  }
  return { start: 0, tokens: [...promptIds, ...canvas, ...suffixIds] };
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
