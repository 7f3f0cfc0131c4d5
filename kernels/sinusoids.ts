/** A number as cosines, then sines, of number · period^(−i / half) for i < half, [size] with half = size / 2. */
export function sinusoids(number: number, size: number, period: number): number[] {
  const half = size / 2;
  const angles = Array.from({ length: half }, (_, i) => number * period ** (-i / half));
  return [...angles.map(Math.cos), ...angles.map(Math.sin)];
}
