import type { Session } from './session.ts';

/** The text around a response of a causal model. */
export interface Following {
  /** Tokens before the response, without what it was told to begin with. */
  before: readonly number[];
  /** Tokens after it. */
  ids: readonly number[];
  /** Token ids of a text; nothing is added. */
  encode(text: string): number[];
}

/** Tokens before and after a response that are looked at: more say hardly more about it. docs/experiments.md, "Beams". */
const MOST_BEFORE = 64;
const MOST_AFTER = 16;

/** Rows of one forward: few enough that a cancellation is seen soon, enough to use the cores well. */
const MOST_ROWS = 128;

/**
 * How likely what follows is behind each of the texts: Σ log p(after_i | before, text, after_<i) in nats, [texts]. The
 * rows are of a text of their own: they see nothing of the prompt, which may hold what follows already.
 */
export async function followingLogProbs(
  session: Session,
  { before, ids, encode }: Following,
  texts: readonly string[],
): Promise<number[]> {
  const after = ids.slice(0, MOST_AFTER);
  const { cache, denoiser } = session;
  // Text that begins at nothing follows the end of another text.
  const context = before.length > 0 ? before.slice(-MOST_BEFORE) : [denoiser.spec.stopTokenIds[0]];
  const shared = context.slice(0, -1);
  const start = cache.length;
  if (shared.length > 0) {
    const positions = [...shared.keys()];
    const visible = (row: number, column: number) => column >= start && column - start <= row;
    (await session.forward('denoise', { ids: shared, positions, visible }, [])).commit(shared.length);
  }
  const heads = texts.map((text) => [...context.slice(-1), ...encode(text)]);
  const longest = Math.max(...heads.map((head) => head.length)) + after.length - 1;
  const together = Math.max(1, Math.floor(MOST_ROWS / longest));
  const sums: number[] = [];
  for (let first = 0; first < heads.length; first += together) {
    const group = heads.slice(first, first + together);
    // A row predicts its successor, so the last token needs none.
    const fed = group.map((head) => [...head, ...after.slice(0, -1)]);
    const owners = fed.flatMap((tokens, text) => tokens.map(() => text));
    const places = fed.flatMap((tokens) => [...tokens.keys()]);
    const predicting = [...owners.keys()].filter((row) => places[row] >= group[owners[row]].length - 1);
    const cached = cache.length;
    const rows = {
      ids: fed.flat(),
      positions: places.map((place) => shared.length + place),
      visible: (row: number, column: number) =>
        column < cached ? column >= start : column - cached <= row && owners[column - cached] === owners[row],
    };
    const scored = group.flatMap(() => after);
    const { scoredLogits, logSumExp } = await session.forward('denoise', rows, predicting, { scored });
    for (let text = 0; text < group.length; text++) {
      const own = [...after.keys()].map((i) => text * after.length + i);
      sums.push(own.reduce((sum, i) => sum + scoredLogits![i] - logSumExp[i], 0));
    }
  }
  return sums;
}
