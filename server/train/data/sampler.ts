import { Random, seedOf } from '../../decode/random.ts';
import { partPrefix } from '../../engine/beginning.ts';
import type { TextCodec } from '../../engine/loaded-model.ts';
import { promptIds } from '../../engine/prompt.ts';
import { UserError } from '../../errors.ts';
import type { DenoiserSpec } from '../../models/spec.ts';
import type { TrainingSample } from '../objectives/objective.ts';
import type { Corpus } from './corpus.ts';
import type { TrainingDocument } from './document.ts';
import { cutHole } from './holes.ts';

/** Documents that are tried before a corpus counts as unusable. */
const TRIES = 200;
/** Fewer tokens than this teach nothing. */
const SHORTEST = 4;
/** Characters that are surely more than a sample needs. */
const CHARACTERS_PER_TOKEN = 8;

export interface SamplerSettings {
  /** Most tokens of a sample. */
  sampleTokens: number;
  /** Share of texts that are turned into fill-in-the-middle prompts, 0 … 1. */
  fimShare: number;
}

/** The random numbers of one sample. */
export function sampleRandom(seed: number, index: number): Random {
  return new Random(seedOf(seed, index));
}

/** Turns documents into token ids. Sample number i is always the same, so that a resumed run goes on as it would have. */
export class Sampler {
  readonly #corpus: Corpus;
  readonly #tokenizer: TextCodec;
  readonly #spec: DenoiserSpec;
  readonly #settings: SamplerSettings;

  constructor(corpus: Corpus, tokenizer: TextCodec, spec: DenoiserSpec, settings: SamplerSettings) {
    this.#corpus = corpus;
    this.#tokenizer = tokenizer;
    this.#spec = spec;
    this.#settings = settings;
  }

  /** Throws UserError where the corpus has hardly a document that makes a sample. */
  async sample(random: Random): Promise<TrainingSample> {
    for (let tries = 0; tries < TRIES; tries++) {
      const sample = this.#encode(await this.#corpus.draw(random), random);
      if (sample) return sample;
    }
    throw new UserError(`of ${TRIES} documents of the data none makes a sample of ${SHORTEST} tokens.`);
  }

  #encode(document: TrainingDocument, random: Random): TrainingSample | undefined {
    if (document.kind === 'completion') return this.#completion(document.prompt, document.completion);
    if (document.kind === 'infill') return this.#infill(document);
    if (document.kind === 'tokens') return this.#tokens(document.prompt, document.completion);
    if (this.#spec.fim && random.uniform() < this.#settings.fimShare) {
      const cut = cutHole(document.text, random);
      return cut && this.#infill(cut);
    }
    return this.#text(document.text, random);
  }

  /** A piece of a text that begins with a line. */
  #text(text: string, random: Random): TrainingSample | undefined {
    const { sampleTokens } = this.#settings;
    const from = Math.floor(random.uniform() * Math.max(1, text.length - 4 * sampleTokens));
    const start = from === 0 ? 0 : text.indexOf('\n', from) + 1;
    const ids = this.#tokenizer.encode(text.slice(start, start + CHARACTERS_PER_TOKEN * sampleTokens));
    return ids.length < SHORTEST ? undefined : { ids: ids.slice(0, sampleTokens), promptLength: 0 };
  }

  /** The prompt loses its beginning where both do not fit; a completion that does not fit alone is left out. */
  #completion(prompt: string, completion: string): TrainingSample | undefined {
    return this.#joined(
      this.#tokenizer.encode(prompt),
      this.#withEnd(completion, this.#spec.stopTokenIds[0]),
    );
  }

  #tokens(prompt: readonly number[], completion: readonly number[]): TrainingSample | undefined {
    const { vocabSize } = this.#spec;
    const stranger = [...prompt, ...completion].find((id) => id >= vocabSize);
    if (stranger === undefined) return this.#joined(prompt, completion);
    throw new UserError(`the data has token ${stranger}, but the model has ${vocabSize} tokens.`);
  }

  #joined(prompt: readonly number[], answer: readonly number[]): TrainingSample | undefined {
    const room = this.#settings.sampleTokens - answer.length;
    if (room <= 0) return undefined;
    const context = prompt.slice(-room);
    return context.length + answer.length < SHORTEST
      ? undefined
      : { ids: [...context, ...answer], promptLength: context.length };
  }

  /** Just the prompt that completion would make of it, then the middle. */
  #infill({ prefix, suffix, middle }: { prefix: string; suffix: string; middle: string }) {
    const { prefix: kept, beginning } = partPrefix(prefix);
    const { fim } = this.#spec;
    const answer = this.#withEnd(beginning + middle, fim?.endTokenId);
    const room = this.#settings.sampleTokens - answer.length;
    if (room < SHORTEST) return undefined;
    const prompt = { prefix: kept, suffix, fim: true, budget: room };
    const context = promptIds(prompt, this.#spec, this.#tokenizer, room);
    return { ids: [...context, ...answer], promptLength: context.length };
  }

  #withEnd(text: string, end: number | undefined): number[] {
    return [...this.#tokenizer.encode(text), ...(end === undefined ? [] : [end])];
  }
}
