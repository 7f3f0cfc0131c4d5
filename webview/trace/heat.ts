import type { Step } from '../../server/protocol.ts';

/**
 * The outline of the heat strip as an SVG path in a box of `tokens` × `steps`: a bar for every token, as high as the
 * step that fixed it is late. Tokens of one step are a plateau. A token that was never fixed has no bar.
 */
export function heatPath(fixedAt: readonly (number | undefined)[], steps: number): string {
  const path = [`M0 ${steps}`];
  let height = 0;
  for (const [position, step] of fixedAt.entries()) {
    const next = step === undefined ? 0 : step + 1;
    if (next !== height) path.push(`H${position}V${steps - next}`);
    height = next;
  }
  return `${path.join('')}H${fixedAt.length}V${steps}Z`;
}

/** Marks in a box of `tokens` × 1 at the tokens before which a window or block began. */
export function windowMarks(steps: readonly Step[], tokens: number): string {
  const starts = new Set(steps.map(({ windowStart }) => windowStart));
  return [...starts]
    .filter((start) => start >= 0 && start < tokens)
    .sort((a, b) => a - b)
    .map((start) => `M${start} 0V1`)
    .join('');
}
