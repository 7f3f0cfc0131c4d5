/** Rows whose attention is computed together, over the columns that one of them sees; both by number. */
export interface AttentionChunk {
  rows: readonly number[];
  columns: readonly number[];
}

/**
 * Cuts the rows of a batch into `count` chunks of nearly equal size, so that few columns are computed that a row does
 * not see: rows that begin with the same column and see equally many of them are neighbours. With causal rows chunk k
 * of n has the first k/n of the columns; samples of a batch do not meet. Every row is in one chunk. A chunk has at least
 * one column, even where its rows see none; there must be as many rows as chunks.
 */
export function attentionChunks(
  rows: number,
  count: number,
  visible: (row: number, column: number) => boolean,
): AttentionChunk[] {
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
    const columns = new Set(members.flatMap((row) => seen[row]));
    if (columns.size === 0) columns.add(members[0]);
    return { rows: members, columns: [...columns].sort((a, b) => a - b) };
  });
}
