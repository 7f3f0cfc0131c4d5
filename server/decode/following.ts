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

/** Tokens before and after a response that are looked at; docs/experiments.md, "Beams", has what more of them are worth. */
const MOST_BEFORE = 64;
const MOST_AFTER = 16;

/** Rows of one forward: few enough that a cancellation is seen soon, enough to use the cores well. */
const MOST_ROWS = 128;

/** A row of a text, or of what all of them have before them. */
interface Row {
  id: number;
  position: number;
  /** Undefined: all of them. */
  text?: number;
  /** The token after it, where its probability is wanted. */
  scored?: number;
}

/**
 * How likely what follows is behind each of the texts: Σ log p(after_i | before, text, after_<i) in nats, [texts]. The
 * rows are of a text of their own: they see nothing of the prompt, which may hold what follows already.
 */
export async function followingLogProbs(
  session: Session,
  { before, ids, encode }: Following,
  texts: readonly string[],
): Promise<number[]> {
  const { cache, denoiser } = session;
  const start = cache.length;
  // Text that begins at nothing follows the end of another text.
  const context = before.length > 0 ? before.slice(-MOST_BEFORE) : [denoiser.spec.stopTokenIds[0]];
  const shared: Row[] = context.slice(0, -1).map((id, position) => ({ id, position }));
  const after = ids.slice(0, MOST_AFTER);
  const own = texts.map((text, i) => {
    // The last token before a text predicts the next one, which is not the same for all.
    const head = [...context.slice(-1), ...encode(text)];
    // A row predicts its successor, so the last token needs none.
    return [...head, ...after.slice(0, -1)].map((id, place): Row => {
      return { id, position: shared.length + place, text: i, scored: after[place - head.length + 1] };
    });
  });
  const sums = texts.map(() => 0);
  for (const rows of forwards(shared, own)) {
    const cached = cache.length;
    const predicting = [...rows.keys()].filter((row) => rows[row].scored !== undefined);
    const result = await session.forward(
      'denoise',
      {
        ids: rows.map(({ id }) => id),
        positions: rows.map(({ position }) => position),
        visible(row, column) {
          if (column < cached) return column >= start;
          const other = rows[column - cached];
          return column - cached <= row && (other.text === undefined || other.text === rows[row].text);
        },
      },
      predicting,
      { scored: predicting.map((row) => rows[row].scored!) },
    );
    if (rows[0].text === undefined) result.commit(shared.length);
    for (const [i, row] of predicting.entries()) {
      sums[rows[row].text!] += result.scoredLogits![i] - result.logSumExp[i];
    }
  }
  return sums;
}

/** The rows that come before all texts, and those of the texts, as they are fed together. */
function forwards(shared: readonly Row[], texts: readonly Row[][]): Row[][] {
  const all: Row[][] = [[...shared]];
  for (const rows of texts) {
    const last = all[all.length - 1];
    if (last.length > 0 && last.length + rows.length > MOST_ROWS) all.push([...rows]);
    else last.push(...rows);
  }
  return all;
}
