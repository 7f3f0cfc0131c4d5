/** What one forward over a noisy copy of the whole sequence scores: one step of every block. */
export interface Round {
  /** Positions that are masked, ascending. */
  masked: number[];
  /** Those of them whose tokens count. */
  scored: number[];
}

/**
 * DiPO's rounds (arXiv 2512.22234): round r scores in every block the tokens of the block's r-th step, with all tokens of
 * that and of later steps masked. `steps` has the step of every position from the first prompt token on: 0 for the
 * prompt, ∞ where nothing was revealed. As many rounds as a block has steps at most.
 */
export function rounds(steps: readonly number[], blockSize: number): Round[] {
  const result: Round[] = [];
  for (let start = 0; start < steps.length; start += blockSize) {
    const block = steps.slice(start, start + blockSize);
    const distinct = distinctSteps(block);
    for (const [r, step] of distinct.entries()) {
      result[r] ??= { masked: [], scored: [] };
      block.forEach((of, i) => {
        if (of >= step) result[r].masked.push(start + i);
        if (of === step) result[r].scored.push(start + i);
      });
    }
  }
  return result;
}

/**
 * TraceRL's shrinking (arXiv 2509.06949): the distinct steps of a block, in order, are merged by `count`, and each takes
 * the last of those that it is merged with.
 */
export function shrunk(steps: readonly number[], blockSize: number, count: number): number[] {
  return steps.map((step, position) => {
    const start = position - (position % blockSize);
    const distinct = distinctSteps(steps.slice(start, start + blockSize));
    const at = distinct.indexOf(step);
    if (at < 0) return step;
    return distinct[Math.min(distinct.length, (Math.floor(at / count) + 1) * count) - 1];
  });
}

function distinctSteps(steps: readonly number[]): number[] {
  return [...new Set(steps)].filter((step) => step > 0 && Number.isFinite(step)).sort((a, b) => a - b);
}
