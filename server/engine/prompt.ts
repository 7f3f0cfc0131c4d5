import type { DenoiserSpec, FimSpec } from '../models/spec.ts';
import type { EnginePrompt } from '../protocol.ts';
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

/** Token ids of a prompt, at most `room` of them, in the order that the model was trained on. */
export function promptIds(
  prompt: EnginePrompt,
  spec: DenoiserSpec,
  codec: TextCodec,
  room: number,
): number[] {
  const budget = Math.max(1, Math.min(prompt.budget || DEFAULT_BUDGET, room));
  if (prompt.fim && spec.fim) return fimIds(prompt, spec.fim, codec, budget);
  const ids = prefixIds(prompt.prefix, codec, budget);
  // Text that begins at nothing follows the end of another text.
  return ids.length > 0 ? ids : [spec.stopTokenIds[0]];
}

function fimIds(prompt: EnginePrompt, fim: FimSpec, codec: TextCodec, budget: number): number[] {
  const markers = fim.middleTokenId === undefined ? 2 : 3;
  const room = Math.max(0, budget - markers);
  const suffix = suffixIds(prompt.suffix, codec, Math.floor(room * SUFFIX_SHARE));
  const prefix = prefixIds(prompt.prefix, codec, room - suffix.length);
  if (fim.order === 'suffix-prefix-middle') {
    return [fim.suffixTokenId, ...suffix, fim.prefixTokenId, ...prefix];
  }
  const middle = fim.middleTokenId === undefined ? [] : [fim.middleTokenId];
  return [fim.prefixTokenId, ...prefix, fim.suffixTokenId, ...suffix, ...middle];
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
