/** Falls (or rises) along half a cosine from `atZero` at t = 0 to `atEnd` at t = end; t is kept inside (DiRL's cosfn). */
export function cosineCurve(t: number, end: number, atZero: number, atEnd: number): number {
  const inside = Math.min(Math.max(t, 0), end);
  // A block of one token leaves no room for a curve.
  if (end <= 0) return atZero;
  return atZero - ((atZero - atEnd) * (1 - Math.cos((Math.PI * inside) / end))) / 2;
}
