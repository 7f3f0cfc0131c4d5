import type { Session } from './session.ts';

/** What stands after the response of a causal model, which has it among its prompt. */
export interface Following {
  /** Its first tokens. */
  ids: readonly number[];
  /** Columns of the prompt that hold it, `to` not included. */
  hidden: { from: number; to: number };
  /** Token ids of a text; nothing is added. */
  encode(text: string): number[];
}

/** Rows of one forward: few enough that a cancellation is seen soon, enough to use the cores well. */
const MOST_ROWS = 128;

/**
 * How likely what follows is behind each of the texts, which stand behind the first `prompt` columns of the cache and
 * the prompt token after them: Σ log p(following_i | prompt, text, following_<i) in nats, [texts]. What the prompt holds
 * of it is hidden from the rows, or they would only have to copy it.
 */
export async function followingLogProbs(
  session: Session,
  { ids: after, hidden, encode }: Following,
  texts: readonly string[],
  prompt: number,
): Promise<number[]> {
  const heads = texts.map((text) => [session.promptIds[prompt], ...encode(text)]);
  const longest = Math.max(...heads.map((head) => head.length)) + after.length - 1;
  const together = Math.max(1, Math.floor(MOST_ROWS / longest));
  const sums: number[] = [];
  for (let first = 0; first < heads.length; first += together) {
    const group = heads.slice(first, first + together);
    // A row predicts its successor, so the last token needs none.
    const texted = group.map((head) => [...head, ...after.slice(0, -1)]);
    const owners = texted.flatMap((ids, text) => ids.map(() => text));
    const places = texted.flatMap((ids) => [...ids.keys()]);
    const select = [...owners.keys()].filter((row) => places[row] >= group[owners[row]].length - 1);
    const cached = session.cache.length;
    const result = await session.forward(
      'denoise',
      {
        ids: texted.flat(),
        positions: places.map((place) => prompt + place),
        visible: (row, column) =>
          column < cached
            ? column < prompt && (column < hidden.from || column >= hidden.to)
            : column - cached <= row && owners[column - cached] === owners[row],
      },
      select,
      { scored: group.flatMap(() => after) },
    );
    const logProbs = Array.from(result.logSumExp, (sum, i) => result.scoredLogits![i] - sum);
    for (let i = 0; i < logProbs.length; i += after.length) {
      sums.push(logProbs.slice(i, i + after.length).reduce((sum, value) => sum + value, 0));
    }
  }
  return sums;
}
