import type { Distribution } from './distribution.ts';
import type { TokenDecoder } from './text.ts';

/** Text that a response has to begin with, in ASCII, so that no token ends inside one of its characters. */
export interface Beginning {
  text: string;
  /** Token ids of a text; nothing is added. */
  encode(text: string): number[];
}

/** Best tokens of a row among which one is looked for that agrees with the beginning. */
export const BEGINNING_CANDIDATES = 200;

/**
 * The distribution over those tokens that agree with `rest`, what is still missing of the beginning: they begin with
 * it, or it begins with them. Where there is none among the best, `rest` is spelled as the tokenizer would.
 */
export function agreeing(
  { ids, logProbs }: Distribution,
  rest: string,
  tokenizer: TokenDecoder,
  { encode }: Beginning,
): Distribution {
  const kept = [...ids.keys()].filter((i) => {
    // Not the text for a person: special tokens have none.
    const text = tokenizer.stream().push(ids[i]);
    return text !== '' && (text.startsWith(rest) || rest.startsWith(text));
  });
  if (kept.length === 0) return { ids: encode(rest).slice(0, 1), logProbs: [0] };
  const total = Math.log(kept.reduce((sum, i) => sum + Math.exp(logProbs[i]), 0));
  return { ids: kept.map((i) => ids[i]), logProbs: kept.map((i) => logProbs[i] - total) };
}
