import type { DenoiserSpec } from '../../models/spec.ts';
import type { Decision, DecodeSettings } from '../../protocol.ts';
import type { Random } from '../random.ts';
import type { Choice, Recorder } from '../recorder.ts';
import { UNMASKINGS, type UnmaskingName } from './index.ts';
import type { LearnedPolicy, PolicyView } from './learned-policy.ts';
import { type FedRows, seenRows } from './seen-rows.ts';

/** Consecutive positions that a step decides about, counted from the first response token. */
export interface Span {
  start: number;
  size: number;
}

/** Lets a learned policy choose what a step reveals, and has the recorder keep what it saw and did. */
export class Deciding {
  readonly #policy: LearnedPolicy;
  readonly #spec: DenoiserSpec;
  readonly #promptLength: number;
  readonly #settings: DecodeSettings;
  readonly #random: Random;
  readonly #recorder: Recorder;
  readonly #keepInputs: boolean;
  /** Steps in a row that revealed nothing. */
  #idle = 0;
  #fed: FedRows | undefined;

  /** `keepInputs`: decisions are recorded with what they were made of. */
  constructor(
    policy: LearnedPolicy,
    { spec, promptLength }: { spec: DenoiserSpec; promptLength: number },
    settings: DecodeSettings,
    random: Random,
    recorder: Recorder,
    keepInputs: boolean,
  ) {
    this.#policy = policy;
    this.#spec = spec;
    this.#promptLength = promptLength;
    this.#settings = settings;
    this.#random = random;
    this.#recorder = recorder;
    this.#keepInputs = keepInputs;
  }

  /** Whether every row of a forward has to be shown to `see`. */
  get seesRows(): boolean {
    return this.#policy.seesRows ?? false;
  }

  /** All rows of the forward that the next decision is about. */
  see(fed: FedRows): void {
    this.#fed = fed;
  }

  /** Those of the choices, which come by rising position, that the policy takes, in its order; there may be none. */
  async chosen(choices: readonly Choice[], span: Span): Promise<Choice[]> {
    const view = this.#view(choices, span);
    const all = await this.#policy.logits(view);
    const { policyTemperature: scale = this.#policy.temperature, unmasking = this.#policy.unmasking } =
      this.#settings;
    const logits = choices.map(({ position }) => all[position - span.start] / scale);
    const { sample, logProb } = UNMASKINGS[unmasking as UnmaskingName];
    const action = sample(logits, this.#random);
    const chosen = action.map((place) => choices[place]);
    this.#recorder.decision({
      ...this.#decision(choices, chosen, span, view),
      probabilities: logits.map((logit) => 1 / (1 + Math.exp(-logit))),
      logProb: logProb(logits, action),
    });
    return chosen;
  }

  /**
   * The same for decoding that goes on only when something is revealed: after as many steps without as the span has
   * positions, the most confident choice is, whatever the policy says.
   */
  async revealed(choices: readonly Choice[], span: Span): Promise<Choice[]> {
    const chosen = await this.chosen(choices, span);
    this.#idle = chosen.length > 0 ? 0 : this.#idle + 1;
    if (this.#idle < span.size) return chosen;
    this.#idle = 0;
    const surest = ({ distribution }: Choice) => distribution.logProbs[0];
    return [choices.reduce((best, choice) => (surest(choice) > surest(best) ? choice : best))];
  }

  /** Notes what another rule chose, for the policy to learn from. */
  note(choices: readonly Choice[], chosen: readonly Choice[], span: Span): void {
    if (!this.#keepInputs) return;
    this.#recorder.decision(this.#decision(choices, chosen, span, this.#view(choices, span)));
  }

  #decision(
    choices: readonly Choice[],
    chosen: readonly Choice[],
    { start }: Span,
    { eligible, confidences, hidden, time }: PolicyView,
  ): Decision {
    return {
      eligible: choices.map(({ position }) => position),
      chosen: chosen.map(({ position }) => position),
      ...(this.#keepInputs && {
        inputs: {
          start,
          rows: eligible.length,
          time,
          confidences: [...confidences],
          ...(hidden && { hidden: [...hidden] }),
        },
      }),
    };
  }

  #view(choices: readonly Choice[], { start, size }: Span): PolicyView {
    const { confidences: width, hidden: seesHidden } = this.#policy;
    const { maxTokens } = this.#settings;
    const rows = Math.min(size, maxTokens - start);
    const eligible = Array<boolean>(rows).fill(false);
    const confidences = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) confidences[row * width] = 1;
    let hidden: Float32Array | undefined;
    for (const { position, distribution } of choices) {
      const row = position - start;
      eligible[row] = true;
      const best = distribution.logProbs.slice(0, width).map(Math.exp);
      confidences.set(best, row * width);
      const state = distribution.hidden;
      if (!seesHidden) continue;
      if (!state) throw new Error('The policy sees hidden states, but the forward returned none.');
      hidden ??= new Float32Array(rows * state.length);
      hidden.set(state, row * state.length);
    }
    const time = (this.#recorder.forwards().denoise - 1) / maxTokens;
    const seen =
      this.#fed && seenRows(this.#spec, this.#promptLength, this.#fed, choices, { start, size: rows });
    return { eligible, confidences, ...(hidden && { hidden }), ...(seen && { seen }), time };
  }
}
