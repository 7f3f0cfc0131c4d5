import type { Transform } from './orthogonal.ts';
import type { SourceWeight, WeightSource } from './weight-source.ts';

/** Changes the fp32 values of a weight, row-major, in place. */
export type Change = (values: Float32Array) => void | Promise<void>;

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
  return {
    dims: weight.dims,
    async read() {
      const values = await weight.read();
      await change(values);
      return values;
    },
  };
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
