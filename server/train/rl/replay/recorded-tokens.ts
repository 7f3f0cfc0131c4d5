import type { DenoiserSpec } from '../../../models/spec.ts';
import type { Candidate, DecodeSettings, Reveal } from '../../../protocol.ts';
import type { Recorded, ScoredToken } from './replayer.ts';

/** How many candidates of every reveal have to be recorded for its log-probability to be computed again. */
export function recordedCandidates(spec: DenoiserSpec, { topK }: Pick<DecodeSettings, 'topK'>): number {
  return Math.max(topK, spec.samplerHead?.candidates ?? 0);
}

/** The token that a reveal fixed, to be scored as it was chosen. */
export function revealedToken({ promptIds, settings }: Recorded, reveal: Reveal): ScoredToken {
  const { id, previous, candidates } = reveal;
  const sampled = previous !== undefined || settings.temperature > 0;
  // A chained token was chosen among all candidates that the sampler head rescores.
  const count = previous === undefined ? settings.topK : undefined;
  return {
    position: promptIds.length + reveal.position,
    id,
    ...(previous !== undefined && { previous }),
    ...(sampled && candidates && { candidates: candidates.slice(0, count).map((candidate) => candidate.id) }),
  };
}

/** What a trajectory left at every position, counted from the first prompt token. */
export class RecordedTokens {
  readonly #recorded: Recorded;
  readonly #spec: DenoiserSpec;
  readonly #last = new Map<number, { reveal: Reveal; step: number }>();
  /** What the clean rows might have taken where they let a proposal stand. */
  readonly #confirmed = new Map<number, Candidate[] | undefined>();

  constructor(recorded: Recorded, spec: DenoiserSpec) {
    this.#recorded = recorded;
    this.#spec = spec;
    for (const step of recorded.steps) {
      for (const reveal of step.revealed) {
        this.#last.set(recorded.promptIds.length + reveal.position, { reveal, step: step.index + 1 });
      }
      for (const { position, candidates } of step.confirmed) {
        this.#confirmed.set(recorded.promptIds.length + position, candidates);
      }
    }
  }

  /** Where tokens that follow the response stand: behind all positions that it might have had. */
  get suffixStart(): number {
    return this.#recorded.promptIds.length + this.#recorded.settings.maxTokens;
  }

  /** Whether a token of the response may stand there. */
  isOfResponse(position: number): boolean {
    return position >= this.#recorded.promptIds.length && position < this.suffixStart;
  }

  /** 0 for a prompt token, ∞ where nothing was revealed, otherwise the number of the step, from 1 on. */
  step(position: number): number {
    if (position < this.#recorded.promptIds.length) return 0;
    return this.#last.get(position)?.step ?? Number.POSITIVE_INFINITY;
  }

  /** null where nothing was revealed. */
  id(position: number): number | null {
    const { promptIds, suffixIds = [] } = this.#recorded;
    if (this.isOfResponse(position)) return this.#last.get(position)?.reveal.id ?? null;
    return promptIds[position] ?? suffixIds[position - this.suffixStart] ?? null;
  }

  /**
   * A revealed token to be scored in another context than that of its step, chained to the token before it where the
   * model chains and `noisy` says that a noisy row predicts it.
   */
  scored(position: number, noisy: boolean): ScoredToken {
    const { reveal } = this.#last.get(position)!;
    if (!noisy && this.#confirmed.has(position)) {
      const { previous: _proposed, ...confirmed } = reveal;
      return revealedToken(this.#recorded, { ...confirmed, candidates: this.#confirmed.get(position) });
    }
    const previous = noisy && this.#spec.samplerHead ? this.id(position - 1) : null;
    const { previous: _then, ...rest } = revealedToken(this.#recorded, reveal);
    return previous === null ? rest : { ...rest, previous };
  }

  /** Positions that count: those of the response, and those revealed behind its end where `afterEnd`. Ascending. */
  counted(afterEnd: boolean): number[] {
    const { promptIds, responseIds } = this.#recorded;
    const end = promptIds.length + responseIds.length;
    return [...this.#last.keys()].filter((position) => afterEnd || position < end).sort((a, b) => a - b);
  }
}
