import type { DecodeSettings, Step } from '../protocol.ts';
import { agreeing, BEGINNING_CANDIDATES, type Beginning } from './beginning.ts';
import type { Ahead, Denoiser, ForwardResult, KvCache, SamplerHead } from './denoiser.ts';
import { atLeast, type Distribution, pick, probabilityOf, rowDistribution } from './distribution.ts';
import type { Following } from './following.ts';
import { POLICIES } from './policies/index.ts';
import { leastRevealed } from './policies/policy.ts';
import { Random } from './random.ts';
import { type Choice, type ForwardKind, Recorder } from './recorder.ts';
import { Response } from './response.ts';
import type { Rows } from './rows.ts';
import type { TokenDecoder } from './text.ts';
import { Deciding, type Span } from './unmasking/deciding.ts';
import type { LearnedPolicy } from './unmasking/learned-policy.ts';
import { picked } from './unmasking/seen-rows.ts';

/** What a caller of `decode` may watch and stop. */
export interface DecodeHooks {
  /** Looked at before every forward. */
  cancelled(): boolean;
  onStep?(step: Step): void;
  /** How many of a reveal's best tokens are recorded with it; 0 for none. */
  candidates: number;
  /** Tokens after the response, which a model of full attention sees. */
  suffixIds?: readonly number[];
  /** What the response of a causal model has to begin with. */
  beginning?: Beginning;
  /** What stands after the response, by which a causal model chooses among beams. */
  following?: Following;
  /** What decides with the policy `learned`. */
  policy?: LearnedPolicy;
  /** Every decision is recorded with what that policy sees of it, also where a rule decides. */
  policyInputs?: boolean;
}

/** Thrown by `Session.forward` in place of a forward once the caller has cancelled. */
export class Cancelled extends Error {
  override name = 'Cancelled';
}

/** What a forward is asked beside the rows that it feeds. */
export interface Asked {
  /** What follows it if all goes on alike. */
  next?: Omit<Ahead, 'threshold'>;
  /** Best tokens that are looked at of every row, where they are more than the settings need. */
  topK?: number;
  /** Tokens whose logits are wanted, [selected]. */
  scored?: readonly number[];
}

/** The state of one decoding that every mode shares. */
export class Session {
  readonly denoiser: Denoiser;
  readonly cache: KvCache;
  readonly promptIds: readonly number[];
  readonly suffixIds: readonly number[];
  readonly settings: DecodeSettings;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly response: Response;
  private readonly tokenizer: TokenDecoder;
  private readonly hooks: DecodeHooks;
  private readonly deciding: Deciding | undefined;

  constructor(
    denoiser: Denoiser,
    tokenizer: TokenDecoder,
    cache: KvCache,
    promptIds: readonly number[],
    settings: DecodeSettings,
    hooks: DecodeHooks,
  ) {
    this.denoiser = denoiser;
    this.tokenizer = tokenizer;
    this.cache = cache;
    this.promptIds = promptIds;
    this.suffixIds = hooks.suffixIds ?? [];
    this.settings = settings;
    this.random = new Random(settings.seed);
    this.recorder = new Recorder(tokenizer, hooks.candidates, hooks.onStep?.bind(hooks));
    this.hooks = hooks;
    this.response = this.newResponse();
    const { policy, policyInputs = false } = hooks;
    const text = { spec: denoiser.spec, promptLength: promptIds.length };
    this.deciding = policy && new Deciding(policy, text, settings, this.random, this.recorder, policyInputs);
  }

  /** The model's sampler head where the mode proposes tokens after a known one. */
  get samplerHead(): SamplerHead | undefined {
    const proposes = this.settings.mode !== 'ar' && this.denoiser.spec.cleanAttention === 'causal';
    return proposes ? this.denoiser.samplerHead : undefined;
  }

  /** Whether a learned policy decides, or sees what is decided: it knows of one window only. */
  get decidesByPolicy(): boolean {
    return this.deciding !== undefined;
  }

  /** Weight of prompt lookup in proposals; a policy was trained without it. */
  get lookup(): number {
    return this.decidesByPolicy ? 0 : (this.settings.lookup ?? 0);
  }

  /** What stands after the response, where the prompt says so. */
  get following(): Following | undefined {
    return this.hooks.following;
  }

  /** An empty response that ends as this decoding's own does. */
  newResponse(): Response {
    return new Response(this.tokenizer, {
      ...this.settings,
      stopTokenIds: this.denoiser.spec.stopTokenIds,
      beginning: this.hooks.beginning?.text.length,
    });
  }

  /** Runs one forward over the session's cache, or throws Cancelled. */
  async forward(
    kind: ForwardKind,
    rows: Rows,
    select: readonly number[],
    { next, topK = 1, scored }: Asked = {},
  ): Promise<ForwardResult> {
    if (this.hooks.cancelled()) throw new Cancelled();
    this.recorder.forward(kind);
    const wanted = this.samplerHead !== undefined || this.hooks.policy?.hidden === true;
    const hidden = kind === 'denoise' && wanted;
    const entropy = this.settings.policy === 'entropy';
    const ahead = next && this.foresees ? { ...next, threshold: this.settings.threshold } : undefined;
    const request = { cache: this.cache, ...rows, topK: this.topK(topK), hidden, entropy, ahead, scored };
    if (kind !== 'denoise' || !this.deciding?.seesRows) return this.denoiser.forward({ ...request, select });
    const all = await this.denoiser.forward({ ...request, select: [...rows.ids.keys()] });
    if (!all.hidden) throw new Error('The policy sees hidden states, but the forward returned none.');
    this.deciding.see({ rows, hidden: all.hidden });
    return picked(all, select);
  }

  distribution(result: ForwardResult, selected: number): Distribution {
    return rowDistribution(result, selected, this.settings);
  }

  /** What the settled response still lacks of the beginning that it has to have. */
  get missingBeginning(): string {
    return this.lacking(this.response);
  }

  /** What a response still lacks of the beginning that it has to have. */
  lacking({ text }: Response): string {
    return this.hooks.beginning?.text.slice(text.length) ?? '';
  }

  /** The distribution that a clean row gives of the token after it, once all tokens up to that row are in the response. */
  nextDistribution(result: ForwardResult, selected: number, response = this.response): Distribution {
    const { beginning } = this.hooks;
    const missing = this.lacking(response);
    if (!beginning || missing === '') return this.distribution(result, selected);
    const { temperature } = this.settings;
    const all = rowDistribution(result, selected, { temperature, topK: BEGINNING_CANDIDATES });
    return agreeing(all, missing, this.tokenizer, beginning);
  }

  /** Takes the best token of a distribution, or a sample of it. */
  choose(position: number, distribution: Distribution, source: Choice['source']): Choice {
    const id = pick(distribution, this.settings.temperature, this.random);
    return { position, id, distribution, source };
  }

  /**
   * What step `step` (from 0) of a window reveals of the choices for its masked positions; both by rising position. A rule
   * never asks for more than there is: what is revealed already is not chosen again. It takes `certain` for certain; a
   * learned policy sees it as it is, but it is revealed whatever that says.
   */
  async reveal(choices: readonly Choice[], window: Span, step: number, certain?: Choice): Promise<Choice[]> {
    const { policy = 'dynamic', steps = window.size } = this.settings;
    if (policy === 'learned') {
      if (!certain) return byPosition(await this.deciding!.revealed(choices, window));
      const chosen = await this.deciding!.chosen(choices, window);
      return choices.filter((choice) => choice === certain || chosen.includes(choice));
    }
    const least = Math.min(leastRevealed(window.size, steps, step), choices.length);
    const seen = choices.map((choice) => (choice === certain ? asCertain(choice) : choice));
    const positions = POLICIES[policy](seen, least, this.settings).map(({ position }) => position);
    const revealed = choices.filter(({ position }) => positions.includes(position));
    this.deciding?.note(choices, revealed, window);
    return revealed;
  }

  /**
   * The proposals after the known token `next` that verified decoding goes on with: from the left, until one is refused or
   * ends the response. A policy sees `next` as any other choice, as it would without verification.
   */
  async accept(next: Choice, proposals: readonly Choice[]): Promise<Choice[]> {
    const { policy, threshold, window } = this.settings;
    const span = { start: next.position, size: window };
    const choices = [next, ...proposals];
    const wanted =
      policy === 'learned'
        ? await this.deciding!.chosen(choices, span)
        : proposals.filter(({ distribution, id }) => probabilityOf(distribution, id) >= threshold);
    const accepted: Choice[] = [];
    for (const proposal of proposals) {
      if (!wanted.includes(proposal)) break;
      accepted.push(proposal);
      if (this.endsResponse(proposal.id)) break;
    }
    if (policy !== 'learned') this.deciding?.note(choices, [next, ...accepted], span);
    return accepted;
  }

  /** What an accepted proposal was drawn from: a threshold lets only a part of the distribution pass. */
  proposal(distribution: Distribution): Distribution {
    const { policy, threshold } = this.settings;
    return policy === 'learned' ? distribution : atLeast(distribution, threshold);
  }

  /** Whether a token ends the response wherever it stands in it, once it has the beginning that it has to have. */
  endsResponse(id: number): boolean {
    const { stopTokenIds } = this.denoiser.spec;
    const { stopStrings } = this.settings;
    if (stopTokenIds.includes(id)) return true;
    const text = this.tokenizer.stream().push(id);
    return stopStrings.some((stop) => text.includes(stop));
  }

  /** Whether the best tokens of a step say which rows the next one feeds. */
  private get foresees(): boolean {
    const { policy = 'dynamic', steps, temperature } = this.settings;
    return policy === 'dynamic' && steps === undefined && temperature === 0 && !this.deciding;
  }

  private topK(asked: number): number {
    const { spec } = this.denoiser;
    const sampled = this.settings.temperature > 0 ? this.settings.topK : 1;
    const agreeing = this.missingBeginning === '' ? 1 : BEGINNING_CANDIDATES;
    const chained = this.samplerHead?.candidates ?? 1;
    const seen = this.hooks.policy?.confidences ?? 1;
    const wanted = Math.max(asked, sampled, chained, this.hooks.candidates, agreeing, seen);
    return Math.min(wanted, spec.vocabSize - new Set(spec.suppressedTokenIds).size);
  }
}

/** The choice as one that has no alternative. */
function asCertain(choice: Choice): Choice {
  return { ...choice, distribution: { ids: [choice.id], logProbs: [0], entropy: 0 } };
}

function byPosition(choices: Choice[]): Choice[] {
  return choices.sort((a, b) => a.position - b.position);
}
