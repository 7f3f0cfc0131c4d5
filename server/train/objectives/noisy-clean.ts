import type { SampleRows, Target } from './objective.ts';

/**
 * The layout noisy | clean: a noisy copy of the tokens, then a clean one, with the same positions. A row sees its own
 * block in its own copy; a noisy row sees the clean blocks before its own, a clean row those up to its own.
 */
export function noisyClean(
  noisy: readonly number[],
  clean: readonly number[],
  blockSize: number,
  targets: readonly Target[],
  denominators: Readonly<Record<string, number>>,
): SampleRows {
  const count = clean.length;
  const block = (row: number) => Math.floor((row % count) / blockSize);
  return {
    ids: [...noisy, ...clean],
    positions: [...clean.keys(), ...clean.keys()],
    visible(row, column) {
      const sameCopy = row < count === column < count;
      if (sameCopy && block(row) === block(column)) return true;
      return column >= count && block(column) < block(row);
    },
    noisy: (row) => row < count,
    targets,
    denominators,
  };
}
