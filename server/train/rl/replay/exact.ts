import type { Step } from '../../../protocol.ts';
import { revealedToken } from './recorded-tokens.ts';
import type { Recorded, Replayer, ReplayState, ScoredToken } from './replayer.ts';

/** One state a step: every revealed token in the context in which it was revealed (the papers' E1). */
export const exact: Replayer = {
  exact: true,

  misfit: () => undefined,

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
        start,
        tokens: step.window,
        scored: [
          ...revealed.map((reveal) => revealedToken(recorded, reveal)),
          ...(likelihood === 'transition' ? stayedMasked(recorded, step) : []),
        ].sort((a, b) => a.position - b.position),
        round,
      });
    }
    return states;
  },
};

/** Positions that a step of threshold decoding left masked. */
function stayedMasked(
  { promptIds, settings }: Recorded,
  { windowStart, window, revealed }: Step,
): ScoredToken[] {
  const forced = revealed.length === 1 && revealed[0].confidence < settings.threshold;
  return [...window.keys()]
    .filter((i) => window[i] === null && windowStart + i < settings.maxTokens)
    .filter((i) => !revealed.some(({ position }) => position === windowStart + i))
    .map((i) => ({
      position: promptIds.length + windowStart + i,
      id: null,
      ...(!forced && { below: settings.threshold }),
    }));
}
