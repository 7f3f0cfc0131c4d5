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
