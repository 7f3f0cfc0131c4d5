import type { DenoiserShape } from '../shape.ts';

type Visible = (row: number, column: number) => boolean;

/** Rows whose attention is computed together, over the columns that one of them sees; both by number. */
export interface AttentionChunk {
  rows: readonly number[];
  columns: readonly number[];
}

/** Into how many chunks the rows of a batch are cut. */
export const ATTENTION_CHUNKS = 4;

/**
 * In how many parts the rows of a chunk are multiplied. An odd number of products, one for every key-value head, would
 * leave one of two cores without work at the end.
 */
export function chunkParts({ kvHeads }: Pick<DenoiserShape, 'kvHeads'>): number {
  return 1 + (kvHeads % 2);
}

/** How the rows of a batch are fed: one chunk after the other, all of the same number of rows. */
export interface RowLayout {
  /** The row in every place; numbers that the batch does not have fill up, as rows that see themselves alone. */
  order: readonly number[];
  /** The place of every row of the batch. */
  places: readonly number[];
  chunks: readonly { columns: readonly number[]; visible: Visible }[];
}

/** `visible` of a chunk tells whether its i-th row sees its j-th column; columns are places. */
export function rowLayout(rows: number, shape: Pick<DenoiserShape, 'kvHeads'>, visible: Visible): RowLayout {
  const unit = ATTENTION_CHUNKS * chunkParts(shape);
  const filled = Math.ceil(rows / unit) * unit;
  const sees: Visible = (row, column) =>
    Math.max(row, column) < rows ? visible(row, column) : row === column;
  const chunks = attentionChunks(filled, ATTENTION_CHUNKS, sees);
  const order = chunks.flatMap((chunk) => chunk.rows);
  const places: number[] = [];
  for (const [place, row] of order.entries()) places[row] = place;
  return {
    order,
    places: places.slice(0, rows),
    chunks: chunks.map((chunk) => ({
      columns: chunk.columns.map((column) => places[column]),
      visible: (i, j) => sees(chunk.rows[i], chunk.columns[j]),
    })),
  };
}

/**
 * Cuts the rows of a batch into `count` chunks of nearly equal size, so that few columns are computed that a row does
 * not see: rows that begin with the same column and see equally many of them are neighbours. With causal rows chunk k
 * of n has the first k/n of the columns; samples of a batch do not meet. Every row is in one chunk. A chunk has at least
 * one column, even where its rows see none; there must be as many rows as chunks.
 */
export function attentionChunks(rows: number, count: number, visible: Visible): AttentionChunk[] {
  const seen = Array.from({ length: rows }, (_, row) => {
    const columns: number[] = [];
    for (let column = 0; column < rows; column++) if (visible(row, column)) columns.push(column);
    return columns;
  });
  const order = [...seen.keys()].sort(
    (a, b) => (seen[a][0] ?? 0) - (seen[b][0] ?? 0) || seen[a].length - seen[b].length,
  );
  return Array.from({ length: count }, (_, chunk) => {
    const [first, end] = [chunk, chunk + 1].map((edge) => Math.round((edge * rows) / count));
    const members = order.slice(first, end);
    const wanted = Array<boolean>(rows).fill(false);
    for (const row of members) for (const column of seen[row]) wanted[column] = true;
    const columns = [...wanted.keys()].filter((column) => wanted[column]);
    return { rows: members, columns: columns.length > 0 ? columns : [members[0]] };
  });
}
