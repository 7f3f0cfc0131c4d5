import type { Following } from '../decode/following.ts';
import type { DenoiserSpec, FimSpec } from '../models/spec.ts';
import type { EnginePrompt } from '../protocol.ts';
import { chatIds } from './chat-prompt.ts';
import type { TextCodec } from './loaded-model.ts';
import { lineStartBefore, stableCut } from './stable-cut.ts';

/** Prompt tokens where neither the request nor the model says how many. */
const DEFAULT_BUDGET = 384;

/** The suffix may take this share of the prompt: what stands before the cursor says more. */
const SUFFIX_SHARE = 0.25;

/**
 * A token is seldom longer, runs of spaces aside. Text that cannot matter is cut off by its characters before it is
 * tokenised, so that the size of the document costs nothing.
 */
const CHARACTERS_PER_TOKEN = 8;

/** Lines before the cursor that a chat model is given as the beginning of its answer, which goes on from there. */
const REPEATED_LINES = 8;

const FENCE = '```';

/** What a prompt becomes for a model. */
export interface PromptTokens {
  ids: number[];
  /** Tokens after the response, for full attention. */
  suffixIds: number[];
  /** Texts that end the response, besides those of the request. */
  stopStrings: string[];
  /** What stands around the response, where it is to fill in between. */
  following?: Omit<Following, 'encode'>;
}

/**
 * Lays a prompt out as the model can use it, in at most `room` tokens. Where the middle is to be filled: in the model's
 * order for that; else around the response for a model of full attention; else as a question to a chat model, whose
 * answer begins with the lines before the cursor and goes on from there; else the prefix alone. Throws UserError for a
 * chat with a model that has no layout for one.
 */
export function promptTokens(
  prompt: EnginePrompt,
  spec: DenoiserSpec,
  codec: TextCodec,
  room: number,
): PromptTokens {
  const alone = (ids: number[]): PromptTokens => ({ ids, suffixIds: [], stopStrings: [] });
  if (prompt.chat) return alone(chatIds(codec.encode(prompt.prefix), spec.chat, codec));
  if (prompt.fim && spec.fim) {
    const { ids, following } = fimTokens(prompt, spec.fim, codec, budgetOf(prompt, room));
    return { ...alone(ids), following };
  }
  if (!prompt.fim) return alone(promptIds(prompt, spec, codec, room));
  if (spec.cleanAttention === 'full') {
    const after = suffixIds(prompt.suffix, codec, Math.floor(budgetOf(prompt, room) * SUFFIX_SHARE));
    const ids = promptIds({ ...prompt, fim: false }, spec, codec, budgetOf(prompt, room) - after.length);
    return { ids, suffixIds: after, stopStrings: [] };
  }
  if (!spec.chat) return alone(promptIds(prompt, spec, codec, room));
  return {
    ids: rewriteIds(prompt, spec, codec, room),
    suffixIds: [],
    stopStrings: [`\n${FENCE}`, FENCE],
  };
}

/** A question to a chat model for the code at a cursor, and the beginning of its answer. */
function rewriteIds(prompt: EnginePrompt, spec: DenoiserSpec, codec: TextCodec, room: number): number[] {
  const text = (lines: string) => codec.encode(lines);
  const question = (before: number[], after: number[]) =>
    chatIds(
      [
        ...text(`Complete the code at the cursor. The code before the cursor:\n${FENCE}\n`),
        ...before,
        ...text(`\n${FENCE}\nThe code after the cursor:\n${FENCE}\n`),
        ...after,
        ...text(`\n${FENCE}\nAnswer with the code before the cursor, completed, in one block of code.`),
      ],
      spec.chat,
      codec,
    );
  const answer = text(`${FENCE}\n`);
  const budget = Math.max(
    1,
    Math.min(budgetOf(prompt, room), room - question([], []).length - answer.length),
  );
  const share = Math.floor(budget * SUFFIX_SHARE);
  const after = suffixIds(prompt.suffix, codec, share);
  const lines = prompt.prefix.split('\n').slice(-REPEATED_LINES).join('\n');
  const repeated = prefixIds(lines, codec, Math.max(1, share));
  const before = prefixIds(prompt.prefix, codec, Math.max(0, budget - after.length - repeated.length));
  return [...question(before, after), ...answer, ...repeated];
}

/** Token ids of what stands before a response, at most `room` of them, in the order that the model was trained on. */
export function promptIds(
  prompt: EnginePrompt,
  spec: DenoiserSpec,
  codec: TextCodec,
  room: number,
): number[] {
  const budget = budgetOf(prompt, room);
  if (prompt.fim && spec.fim) return fimTokens(prompt, spec.fim, codec, budget).ids;
  const ids = prefixIds(prompt.prefix, codec, budget);
  // Text that begins at nothing follows the end of another text.
  return ids.length > 0 ? ids : [spec.stopTokenIds[0]];
}

function budgetOf({ budget }: EnginePrompt, room: number): number {
  return Math.max(1, Math.min(budget || DEFAULT_BUDGET, room));
}

function fimTokens(
  prompt: EnginePrompt,
  fim: FimSpec,
  codec: TextCodec,
  budget: number,
): Required<Pick<PromptTokens, 'ids' | 'following'>> {
  const markers = fim.middleTokenId === undefined ? 2 : 3;
  const room = Math.max(0, budget - markers);
  const suffix = suffixIds(prompt.suffix, codec, Math.floor(room * SUFFIX_SHARE));
  const prefix = prefixIds(prompt.prefix, codec, room - suffix.length);
  const following = { before: prefix, ids: suffix };
  if (fim.order === 'suffix-prefix-middle') {
    return { ids: [fim.suffixTokenId, ...suffix, fim.prefixTokenId, ...prefix], following };
  }
  const middle = fim.middleTokenId === undefined ? [] : [fim.middleTokenId];
  return { ids: [fim.prefixTokenId, ...prefix, fim.suffixTokenId, ...suffix, ...middle], following };
}

function suffixIds(suffix: string, codec: TextCodec, budget: number): number[] {
  return codec.encode(suffix.slice(0, budget * CHARACTERS_PER_TOKEN)).slice(0, budget);
}

function prefixIds(prefix: string, codec: TextCodec, budget: number): number[] {
  const text = lastCharacters(prefix, budget * CHARACTERS_PER_TOKEN);
  const cut =
    stableCut(text, budget, (line) => codec.encode(line).length) ?? lineStartBefore(text, text.length);
  const ids = codec.encode(text.slice(cut));
  // One line over the budget: whole quarters are dropped, so that this cut too stays put while the line grows.
  const quarter = Math.max(1, Math.floor(budget / 4));
  const excess = Math.ceil(Math.max(0, ids.length - budget) / quarter) * quarter;
  return ids.slice(excess);
}

/** At most `count` characters from the end, beginning at a multiple of half of that. */
function lastCharacters(text: string, count: number): string {
  const grid = Math.max(1, Math.floor(count / 2));
  const excess = Math.max(0, text.length - count);
  return text.slice(Math.ceil(excess / grid) * grid);
}
