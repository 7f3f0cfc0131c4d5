import type { Transform } from './orthogonal.ts';
import type { RowSpan } from './safetensors.ts';
import type { SourceWeight, WeightSource } from './weight-source.ts';

/** Changes the fp32 values of a weight, row-major, in place. */
export interface Change {
  /** `firstRow` is where the given rows begin in the weight. */
  apply(values: Float32Array, firstRow: number): void | Promise<void>;
  /** A row's change depends on other rows: `apply` is given all. */
  whole?: true;
}

/** The same source with some weights changed as they are read. Names that the source does not have are ignored. */
export function changeWeights(source: WeightSource, changes: ReadonlyMap<string, Change>): WeightSource {
  const changed = new Map<string, SourceWeight>();
  for (const [name, weight] of source) {
    const change = changes.get(name);
    changed.set(name, change ? changeWeight(weight, change) : weight);
  }
  return changed;
}

function changeWeight(weight: SourceWeight, change: Change): SourceWeight {
  const read = async (rows?: RowSpan) => {
    const values = await weight.read(rows);
    await change.apply(values, rows?.start ?? 0);
    return values;
  };
  if (!change.whole && !weight.whole) return { dims: weight.dims, read };
  return {
    dims: weight.dims,
    whole: true,
    read: async (rows) => takeRows(await read(), weight.dims[0], rows),
  };
}

/** Some of the `count` rows of `values`; all when none are named. */
export function takeRows(values: Float32Array, count: number, rows?: RowSpan): Float32Array {
  const columns = values.length / count;
  return rows ? values.subarray(rows.start * columns, (rows.start + rows.count) * columns) : values;
}

/** Replaces every row of `values` [rows, columns] by its transform, computed in double precision. */
export function transformRows(values: Float32Array, columns: number, transform: Transform): void {
  const row = new Float64Array(columns);
  for (let start = 0; start < values.length; start += columns) {
    row.set(values.subarray(start, start + columns));
    transform(row);
    values.set(row, start);
  }
}

/** Replaces every column of `values` [rows, columns] by its transform; a vector is one column. */
export function transformColumns(values: Float32Array, rows: number, transform: Transform): void {
  const columns = values.length / rows;
  const column = new Float64Array(rows);
  for (let at = 0; at < columns; at++) {
    for (let row = 0; row < rows; row++) column[row] = values[row * columns + at];
    transform(column);
    for (let row = 0; row < rows; row++) values[row * columns + at] = column[row];
  }
}
